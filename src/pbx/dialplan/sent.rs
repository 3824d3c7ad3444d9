//! What a dialled number is when it leaves: digits taken off it, others put in front.

use super::find::Found;
use super::model::Dialplan;
use super::walk::walk_from;

impl Dialplan {
    /// Returns what an extension sends to the trunks of a number that it meets; `None` where it lets it out by
    /// none, where two ways send two numbers, or where a variable decides that nothing here sets.
    ///
    /// What a trunk's own settings put in front is the carrier's business and no part of it.
    pub fn sent(
        &self,
        context: &str,
        found: Found<'_>,
        number: &str,
        is_account: &dyn Fn(&str) -> bool,
        budget: &mut usize,
    ) -> Option<String> {
        let reached = walk_from(self, context, found, number, is_account, budget);
        // Behind a door the caller dials another number.
        let mut outlets = reached.outlets.iter().filter(|outlet| outlet.doors.is_empty());
        let sent = outlets.next()?.numbers.text()?;
        let is_one = outlets.all(|outlet| outlet.numbers.text().as_ref() == Some(&sent));
        (is_one && !reached.is_cut).then_some(sent)
    }
}

#[cfg(test)]
mod tests {
    use crate::pbx::Pbx;
    use crate::pbx::dialplan::walk::ALL_WALKS;
    use crate::pbx::tests::read_texts;

    fn read(plan: &str) -> Pbx {
        read_texts(&[("etc/asterisk/extensions.conf", plan)])
    }

    fn sent(pbx: &Pbx, context: &str, number: &str) -> Option<String> {
        let found = pbx.dialplan.find(context, number, None, None)?;
        let is_account = |name: &str| name == "301";
        pbx.dialplan.sent(context, found, number, &is_account, &mut ALL_WALKS.clone())
    }

    #[test]
    fn what_a_route_strips_and_prepends_is_told() {
        let pbx = read(
            "[globals]\nOUT_1 = PJSIP/carrier\n\
             [phones]\nexten => _3XX,1,Dial(PJSIP/${EXTEN})\ninclude => out\n\
             [out]\nexten => _9011.,1,Dial(PJSIP/${EXTEN:1}@carrier)\n\
             exten => _90X.,1,Set(NUMBER=00${EXTEN:2})\nsame => n,Dial(PJSIP/${NUMBER}@carrier)\n\
             exten => _8.,1,Macro(dialout-trunk,1,011${EXTEN:1},,off)\n\
             exten => _7.,1,Goto(out,9${EXTEN:1},1)\n\
             exten => _6.,1,Dial(PJSIP/${EXTEN:1}@carrier)\nsame => n,Dial(PJSIP/00${EXTEN:1}@second)\n\
             exten => _5.,1,AGI(route.agi)\nsame => n,Dial(PJSIP/${RESULT}@carrier)\n",
        );
        let told = |number: &str| sent(&pbx, "phones", number);
        assert_eq!(told("9011252612345678").as_deref(), Some("011252612345678"));
        assert_eq!(told("90252612345678").as_deref(), Some("00252612345678"));
        assert_eq!(told("8252612345678").as_deref(), Some("011252612345678"));
        assert_eq!(told("7011252612345678").as_deref(), Some("011252612345678"));
        assert_eq!(told("6252612345678"), None, "two trunks, two numbers");
        assert_eq!(told("5252612345678"), None, "a program decides");
        assert_eq!(told("301"), None, "no way out");
    }
}
