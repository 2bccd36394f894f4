//! In hand: the records and entries of some people, read now, and what to tell about them.
//!
//! What is told is what is true now. So a suspicion does not age, nothing is planned twice, and it
//! does not matter who else was at work meanwhile.

mod about;
mod case;
mod decision;
mod member;
mod person;
mod pushed;
mod reads;
mod ready;
mod wanted;
mod whole;

pub(super) use about::{subject, to_be_sent, to_be_told};
pub(crate) use about::{told_of, who};
pub use case::{AtHand, Elsewhere, Known, Outcome, Why, outcome};
pub use decision::{Decision, InHand, Noted, Stays};
pub(super) use member::Member;
use person::Person;
pub(super) use pushed::stranger;
pub use reads::{Circumstances, Hand, Records};
pub use ready::{Cost, Ready};
pub(crate) use wanted::{Wanted, Wants};
pub use whole::Whole;

use super::{RunError, suspect::Suspect};

impl Hand<'_> {
    /// Takes people in hand: reads their records and entries, consistently, and decides.
    ///
    /// # Errors
    /// When any of them could not be read.
    pub async fn take(
        &self,
        suspects: &[Suspect],
        circumstances: &Circumstances<'_>,
    ) -> Result<Vec<InHand>, RunError> {
        let (mut entries, records) = self.read(suspects, circumstances).await?;
        Ok(suspects
            .iter()
            .map(|suspect| {
                let entry = entries.remove(&suspect.id);
                let person = Person {
                    hand: self,
                    circumstances,
                    suspect,
                    entry: entry.as_ref(),
                };
                let decision = person.decide(&records);
                InHand {
                    suspect: suspect.clone(),
                    noted: person.noted(&records, &decision),
                    at_hand: person.at_hand(&records).0,
                    decision: person.or_under_way(decision),
                }
            })
            .collect())
    }
}
