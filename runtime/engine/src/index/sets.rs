//! Many patterns that are looked for in one pass: sets that are compiled when they are first needed.
//!
//! Patterns come and go one by one, and compiling takes time. So the patterns are kept in sets of growing size, as a binary counter is
//! made of bits: a new pattern is a set of its own, and sets of about equal size become one. Each pattern is thereby compiled a
//! logarithmic number of times, however registrations and events alternate. (J. L. Bentley and J. B. Saxe, "Decomposable searching
//! problems I", 1980.)

use std::hash::Hash;

use hashbrown::HashMap;

use super::filed::{Bucket, Filed};

/// What looks for many patterns in one pass.
pub(crate) trait Search: Sized {
    type Pattern: Clone + Eq + Hash;

    /// So many are best looked for in one pass; more are divided.
    const MOST: usize;

    /// `None`: so many are too large for one.
    fn compile(patterns: &[&Self::Pattern]) -> Option<Self>;

    /// Tells the places of the patterns that are found, some of them perhaps more than once.
    fn search(&self, text: &str, found: &mut dyn FnMut(usize));

    /// Looks for one pattern by itself.
    fn is_match(pattern: &Self::Pattern, text: &str) -> bool;
}

/// Entries by pattern.
#[derive(Debug)]
pub(crate) struct Sets<S: Search> {
    numbers: HashMap<S::Pattern, u32, foldhash::fast::RandomState>,
    /// Patterns by number. Those without entries go when there are too many of them.
    members: Vec<Member<S::Pattern>>,
    vacant: usize,
    sets: Vec<Set<S>>,
    stamp: u64,
}

#[derive(Debug)]
struct Member<P> {
    pattern: P,
    bucket: Bucket,
    /// The search that found it last.
    stamp: u64,
}

#[derive(Debug)]
struct Set<S> {
    members: Vec<u32>,
    state: State<S>,
}

#[derive(Debug)]
enum State<S> {
    /// Not compiled yet.
    New,
    Compiled(S),
    /// Too large for one: each is looked for by itself.
    Apart,
}

impl<S> Set<S> {
    fn new(members: Vec<u32>) -> Self {
        Self {
            members,
            state: State::New,
        }
    }
}

impl<S: Search> Default for Sets<S> {
    fn default() -> Self {
        Self {
            numbers: HashMap::default(),
            members: Vec::new(),
            vacant: 0,
            sets: Vec::new(),
            stamp: 0,
        }
    }
}

impl<S: Search> Sets<S> {
    /// The bucket of a pattern.
    pub fn bucket(&mut self, pattern: &S::Pattern, change: &mut dyn FnMut(&mut Bucket)) {
        let number = match self.numbers.get(pattern) {
            Some(number) => *number,
            None => self.add(pattern),
        };
        let Some(member) = self.members.get_mut(number as usize) else {
            return;
        };
        let was = usize::from(member.bucket.is_empty());
        change(&mut member.bucket);
        let is = usize::from(member.bucket.is_empty());
        self.vacant = self.vacant + is - was;
        if self.vacant * 2 > self.members.len() {
            self.tidy();
        }
    }

    fn add(&mut self, pattern: &S::Pattern) -> u32 {
        let number = self.members.len() as u32;
        self.members.push(Member {
            pattern: pattern.clone(),
            bucket: Bucket::default(),
            stamp: 0,
        });
        self.vacant += 1;
        self.numbers.insert(pattern.clone(), number);
        let mut members = vec![number];
        let joins = |last: &Set<S>, new: usize| {
            last.members.len() <= new && last.members.len() + new <= S::MOST
        };
        while let Some(last) = self.sets.pop_if(|last| joins(last, members.len())) {
            members.extend(last.members);
        }
        self.sets.push(Set::new(members));
        number
    }

    /// Forgets the patterns without entries.
    fn tidy(&mut self) {
        self.members.retain(|member| !member.bucket.is_empty());
        self.vacant = 0;
        self.numbers.clear();
        let numbered = self.members.iter().zip(0..);
        self.numbers
            .extend(numbered.map(|(member, number)| (member.pattern.clone(), number)));
        self.sets.clear();
        self.add_sets((0..self.members.len() as u32).collect());
    }

    /// Adds members as sets that are not too large.
    fn add_sets(&mut self, members: Vec<u32>) {
        let sets = members.chunks(S::MOST);
        self.sets
            .extend(sets.map(|members| Set::new(members.into())));
    }

    /// Compiles what is new. If that is most of all, all become as few sets as may be.
    fn compile(&mut self) {
        let is_new = |set: &&Set<S>| matches!(set.state, State::New);
        let new: usize = self
            .sets
            .iter()
            .filter(is_new)
            .map(|it| it.members.len())
            .sum();
        if new == 0 {
            return;
        }
        if new * 2 > self.members.len() && self.sets.len() > 1 {
            let members = self.sets.drain(..).flat_map(|set| set.members).collect();
            self.add_sets(members);
        }
        let mut todo = std::mem::take(&mut self.sets);
        todo.reverse();
        while let Some(mut set) = todo.pop() {
            if matches!(set.state, State::New) {
                let members = set.members.iter();
                let patterns: Vec<&S::Pattern> = members
                    .filter_map(|number| self.members.get(*number as usize))
                    .map(|member| &member.pattern)
                    .collect();
                match S::compile(&patterns) {
                    Some(search) => set.state = State::Compiled(search),
                    None if set.members.len() > 1 => {
                        let half = set.members.len() / 2;
                        let members = set.members.split_off(half);
                        todo.push(Set::new(members));
                        todo.push(set);
                        continue;
                    }
                    None => set.state = State::Apart,
                }
            }
            self.sets.push(set);
        }
    }

    #[cfg(test)]
    pub fn kept(&self) -> usize {
        self.numbers.len() + self.members.len() + self.sets.len()
    }

    /// The entries whose pattern a text matches. Adds one evaluation per pass, and per pattern that is looked for by itself.
    pub fn probe(&mut self, text: &str, evaluations: &mut u64, mut found: impl FnMut(&Filed)) {
        if self.members.is_empty() {
            return;
        }
        self.compile();
        self.stamp += 1;
        let (members, stamp) = (&mut self.members, self.stamp);
        for set in &self.sets {
            match &set.state {
                State::Compiled(search) => {
                    *evaluations += 1;
                    search.search(text, &mut |place| {
                        let number = set.members.get(place);
                        let member = number.and_then(|it| members.get_mut(*it as usize));
                        if let Some(member) = member.filter(|it| it.stamp != stamp) {
                            member.stamp = stamp;
                            member.bucket.as_slice().iter().for_each(&mut found);
                        }
                    });
                }
                State::New | State::Apart => {
                    *evaluations += set.members.len() as u64;
                    for number in &set.members {
                        if let Some(member) = members.get(*number as usize)
                            && S::is_match(&member.pattern, text)
                        {
                            member.bucket.as_slice().iter().for_each(&mut found);
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::index::filed::{Check, NO_REST};

    thread_local! {
        static COMPILED: Cell<usize> = const { Cell::new(0) };
    }

    /// Finds the texts that are in it; those of one letter can't be compiled together with others.
    struct Texts(Vec<String>);

    impl Search for Texts {
        type Pattern = String;

        const MOST: usize = 1_000;

        fn compile(patterns: &[&String]) -> Option<Self> {
            COMPILED.set(COMPILED.get() + patterns.len());
            let fits = patterns.iter().all(|pattern| pattern.len() > 1);
            fits.then(|| Self(patterns.iter().map(|it| (*it).clone()).collect()))
        }

        fn search(&self, text: &str, found: &mut dyn FnMut(usize)) {
            let texts = self.0.iter().enumerate();
            texts
                .filter(|(_, pattern)| text.contains(pattern.as_str()))
                .for_each(|(place, _)| {
                    found(place);
                    found(place);
                });
        }

        fn is_match(pattern: &String, text: &str) -> bool {
            text.contains(pattern.as_str())
        }
    }

    fn filed(query: u32) -> Filed {
        Filed::new(query, 1, Check::Always, NO_REST)
    }

    fn found(sets: &mut Sets<Texts>, text: &str) -> Vec<u32> {
        let mut queries = Vec::new();
        sets.probe(text, &mut 0, |filed| queries.push(filed.query));
        queries.sort_unstable();
        queries
    }

    #[test]
    fn patterns_that_come_one_by_one_are_not_compiled_over_and_over() {
        COMPILED.set(0);
        let mut sets = Sets::<Texts>::default();
        let count = 4_000;
        for query in 0..count {
            let pattern = format!("<{query}>");
            sets.bucket(&pattern, &mut |bucket| bucket.push(filed(query)));
            assert_eq!(found(&mut sets, &pattern), [query]);
        }
        assert!(sets.sets.len() < 30, "{} sets", sets.sets.len());
        let most = 20 * count as usize;
        assert!(COMPILED.get() < most, "{}", COMPILED.get());
        COMPILED.set(0);
        for query in 0..count {
            let pattern = format!("<{query}>");
            assert_eq!(found(&mut sets, &pattern), [query]);
            sets.bucket(&pattern, &mut |bucket| bucket.remove(query));
            assert!(found(&mut sets, &pattern).is_empty());
        }
        assert!(sets.members.is_empty() && sets.sets.is_empty());
        assert!(COMPILED.get() < most, "{}", COMPILED.get());
    }

    #[test]
    fn what_does_not_fit_into_a_set_is_found_all_the_same() {
        let mut sets = Sets::<Texts>::default();
        for (query, pattern) in (0..).zip(["ab", "b", "bc", "cd", "d", "de"]) {
            sets.bucket(&pattern.to_owned(), &mut |bucket| bucket.push(filed(query)));
        }
        assert_eq!(found(&mut sets, "abcd"), [0, 1, 2, 3, 4]);
        assert_eq!(found(&mut sets, "de"), [4, 5]);
    }
}
