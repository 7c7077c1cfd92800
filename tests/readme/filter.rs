use std::io::{Read, Write};
use std::sync::Arc;

use blackbar::{Framing, Redactor, Session};

fn filter(mut input: impl Read, mut output: impl Write) -> Result<(), Box<dyn std::error::Error>> {
    let redactor = Arc::new(Redactor::builder().build()?); // immutable: share it
    let mut session = Session::new(redactor, Framing::Lines); // one a stream
    let (mut buffer, mut pieces) = (vec![0; 64 << 10], Vec::new());
    while let length @ 1.. = input.read(&mut buffer)? {
        let chunk = &buffer[..length];
        session.write(chunk, &mut pieces);
        for piece in pieces.drain(..) {
            output.write_all(session.bytes(&piece, chunk))?;
        }
    }
    session.end(&mut pieces);
    for piece in pieces.drain(..) {
        output.write_all(session.bytes(&piece, &[]))?;
    }
    Ok(())
}
