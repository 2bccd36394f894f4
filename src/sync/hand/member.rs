//! Somebody in hand whose groups are not as Okta was told.

use super::{AtHand, Circumstances, Hand, person::Person};
use crate::{
    guard::Target,
    ledger::{Again, Due, Entry, Told, Want, due},
    mapping::{Groups, Mapped},
    mutation::{self, Mutation},
    sync::{
        RunError,
        hand::to_be_told,
        suspect::{MemberSuspect, Suspect},
    },
};

/// Somebody who has landed as they must be, with the groups that their record gives now.
#[derive(Debug)]
pub(in crate::sync) struct Member {
    pub(in crate::sync) entry: Entry,
    pub(in crate::sync) groups: Groups,
}

impl Hand<'_> {
    /// Reads the records and entries of these people, consistently. `None` stands for somebody
    /// whose groups must wait: Okta refused them, or must be told something else about them first.
    ///
    /// # Errors
    /// When any of them could not be read.
    pub(in crate::sync) async fn members(
        &self,
        suspects: &[MemberSuspect],
        circumstances: &Circumstances<'_>,
    ) -> Result<Vec<Option<Member>>, RunError> {
        let suspects: Vec<_> = suspects.iter().map(as_suspect).collect();
        let (mut entries, records) = self.read(&suspects, circumstances).await?;
        Ok(suspects
            .iter()
            .map(|suspect| {
                let entry = entries.remove(&suspect.id)?;
                let person = Person {
                    hand: self,
                    circumstances,
                    suspect,
                    entry: Some(&entry),
                };
                let groups = match person.at_hand(&records) {
                    (AtHand::Active, Some((_, Mapped::Active(_, profile)))) => {
                        let standing = circumstances.reading.of(&entry).standing;
                        let (print, _) = to_be_told(profile, standing);
                        let is_told = standing.is_some_and(|standing| {
                            standing.holds && !standing.live && standing.told == Told::Active(print)
                        });
                        let has_landed =
                            is_told && due(Want::Active(print), standing) == Due::Nothing;
                        let is_soon = mutation::on(Mutation::MembershipBeforeUser);
                        (has_landed || is_soon).then(|| profile.groups().clone())
                    }
                    (AtHand::Rejected, _) if mutation::on(Mutation::RejectedLeavesGroups) => {
                        Some(Groups::default())
                    }
                    _ => None,
                };
                groups.map(|groups| Member { entry, groups })
            })
            .collect())
    }
}

fn as_suspect(suspect: &MemberSuspect) -> Suspect {
    Suspect {
        id: suspect.id,
        keys: vec![suspect.key.clone()],
        charge: None,
        target: Target::from(Told::Active([0; 16].into())),
        again: Again::AsEver,
        pushed: None,
        place: None,
        confirms: false,
    }
}
