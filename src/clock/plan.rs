//! The plan of time of each source.

/// All plans of a case.
#[derive(Debug)]
pub struct Clock;
/// One source's plan.
#[derive(Clone, Debug)]
pub struct Plan;
/// Turns stamps into instants, in the order of one source.
#[derive(Debug)]
pub struct Resolver;
/// What the survey of one source found.
#[derive(Debug)]
pub struct SourceFacts;

#[allow(missing_docs)]
impl Resolver {
    pub fn resolve(&mut self, _s: &crate::event::Stamp) -> Option<(crate::event::Instant, crate::event::Resolution)> { None }
    pub fn resolve_unordered(&mut self, _s: &crate::event::Stamp) -> Option<(crate::event::Instant, crate::event::Resolution)> { None }
    pub fn observe(&mut self, _e: crate::event::Instant, _s: &crate::event::Stamp) { }
}
