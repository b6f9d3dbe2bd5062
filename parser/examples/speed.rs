fn main(){
  let st="CREATE QUERY brute_force AS SELECT user, source_ip, COUNT(f) AS failures, FIRST(f.ts) AS began, s.ts AS broke_in FROM logins MATCH (f[NOT ok]{5,} -> s[ok]) PARTITION BY user, source_ip WITHIN 10 MINUTES;\n";
  let t=st.repeat(10_000);
  let b=std::time::Instant::now(); let p=portent_parser::parse(&t); println!("{} {:?}", p.statements.len(), b.elapsed());
  let b=std::time::Instant::now(); let p=portent_grammar::token::cut(&t); println!("{} {:?}", p.pieces.len(), b.elapsed());
  let b=std::time::Instant::now(); drop(p); println!("{:?}", b.elapsed());
}
