//! What is compiled for tests alone.

use syn::punctuated::Punctuated;
use syn::{Attribute, Item, Meta, Token};

pub(crate) fn is_only_in_tests(item: &Item) -> bool {
    test_only(match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => return false,
    })
}

/// Whether a thing with these attributes is there in tests alone.
pub(crate) fn test_only(attributes: &[Attribute]) -> bool {
    let mut conditions = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"));
    conditions.any(|attribute| {
        attribute
            .parse_args()
            .is_ok_and(|condition| asks_for_tests(&condition))
    })
}

fn asks_for_tests(condition: &Meta) -> bool {
    match condition {
        Meta::List(all) if all.path.is_ident("all") => {
            let all = all.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
            all.is_ok_and(|all| all.iter().any(asks_for_tests))
        }
        condition => condition.path().is_ident("test"),
    }
}
