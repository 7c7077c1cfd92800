//! The seven patterns as filters of VRL's `redact`, a line at a time: what Vector runs in a
//! `remap` transform, without the rest of Vector.

use std::io;

use rivals::{PATTERNS, filter_blocks};
use vrl::compiler::{Context, TargetValue, TimeZone, compile, state::RuntimeState};
use vrl::value::{Secrets, Value};

fn main() -> io::Result<()> {
    let filters = PATTERNS.map(|pattern| format!("r'{pattern}'")).join(", ");
    let source = format!("redact(string!(.), filters: [{filters}])");
    let functions = vrl::stdlib::all();
    let program = compile(&source, &functions)
        .expect("the program compiles")
        .program;
    let zone = TimeZone::default();
    let mut state = RuntimeState::default();
    filter_blocks(|block, out| {
        for line in block.split_inclusive(|&byte| byte == b'\n') {
            let (content, end) = match line.strip_suffix(b"\n") {
                Some(content) => (content, "\n"),
                None => (line, ""),
            };
            let mut target = TargetValue {
                value: Value::from(content),
                metadata: Value::Object(Default::default()),
                secrets: Secrets::default(),
            };
            let mut context = Context::new(&mut target, &mut state, &zone);
            let redacted = program.resolve(&mut context).expect("a string is redacted");
            out.extend_from_slice(redacted.as_bytes().expect("a string"));
            out.extend_from_slice(end.as_bytes());
            state.clear();
        }
    })
}
