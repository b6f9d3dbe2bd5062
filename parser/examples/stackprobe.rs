fn main(){
  let d=120;
  let nest=|o:&str,i:&str,c:&str| format!("{}{i}{}", o.repeat(d), c.repeat(d));
  let shapes=vec![format!("SELECT {}", nest("(", "1", ")")), format!("SELECT {}", nest("CASE WHEN ", "1", " THEN 1 END")), format!("SELECT {}", nest("f(1 + ", "1", ")")), format!("SELECT 1 FROM {}", nest("(SELECT 1 FROM ", "s", ")")), format!("SELECT 1 FROM s MATCH ({})", nest("(", "a", ")+")), format!("SELECT {}1", "NOT ".repeat(250))];
  for kb in [std::env::args().nth(1).unwrap().parse::<usize>().unwrap()] { for (n,s) in shapes.iter().enumerate() {
    let s=s.clone();
    let r=std::thread::Builder::new().stack_size(kb*1024).spawn(move|| { let p=portent_parser::parse(&s); let f = portent_parser::format(&s).is_ok(); (p.diagnostics.first().map(|d|d.message.clone()), f) }).unwrap().join().unwrap();
    println!("{kb} {n} {r:?}");
  }}
}
