//! Messages of OTLP, written by a few lines that know nothing of the code under test.

mod carriers;
mod otlp;

/// A field of bytes, whose length is less than 2^14.
fn field(number: u32, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    let mut out = tag(number, 2);
    if content.len() > 127 {
        out.push(content.len() as u8 & 127 | 128);
        out.push((content.len() >> 7) as u8);
    } else {
        out.push(content.len() as u8);
    }
    out.extend_from_slice(content);
    out
}

fn tag(number: u32, wire: u32) -> Vec<u8> {
    let tag = number << 3 | wire;
    if tag > 127 {
        vec![tag as u8 & 127 | 128, (tag >> 7) as u8]
    } else {
        vec![tag as u8]
    }
}

/// A field with a varint of one byte.
fn int(number: u32, value: u8) -> Vec<u8> {
    [tag(number, 0), vec![value]].concat()
}

fn fixed64(number: u32, value: f64) -> Vec<u8> {
    [tag(number, 1), value.to_le_bytes().to_vec()].concat()
}

fn string(text: &str) -> Vec<u8> {
    field(1, text)
}

fn array(values: &[Vec<u8>]) -> Vec<u8> {
    let values: Vec<_> = values.iter().map(|value| field(1, value)).collect();
    field(5, values.concat())
}

fn map(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(key, value)| field(1, pair(key, value)))
        .collect();
    field(6, pairs.concat())
}

fn pair(key: &str, value: &[u8]) -> Vec<u8> {
    [field(1, key), field(2, value)].concat()
}

const TRACE: [u8; 16] = *b"=token=abcdefgh\xff";

/// A request of logs whose record has these fields.
fn logs(record: &[Vec<u8>]) -> Vec<u8> {
    field(1, field(2, field(2, record.concat())))
}

/// Logs with this text wherever a string can be.
fn logs_of(text: &str) -> Vec<u8> {
    let attributes = [field(1, pair("plain", &string(text))), int(2, 3)].concat();
    let entity = [
        field(1, text),
        field(2, text),
        field(3, text),
        field(4, text),
    ]
    .concat();
    let scope = [
        field(1, text),
        field(2, text),
        field(3, pair("plain", &string(text))),
    ];
    let record = [
        [tag(1, 1), vec![1; 8]].concat(),
        int(2, 9),
        field(3, text),
        field(
            5,
            map(&[("a", array(&[string(text), map(&[("b", string(text))])]))]),
        ),
        field(6, pair("bytes", &field(7, text))),
        field(6, pair(text, &string(text))),
        field(9, TRACE),
        field(10, b"=token=x"),
        field(12, text),
        [tag(8, 5), vec![1; 4]].concat(),
        field(500, text),
        field(501, field(3, field(7, text))),
    ];
    let resource = [attributes, field(3, entity)].concat();
    let scope_logs = [
        field(1, scope.concat()),
        field(2, record.concat()),
        field(3, text),
    ];
    field(
        1,
        [
            field(1, resource),
            field(2, scope_logs.concat()),
            field(3, text),
        ]
        .concat(),
    )
}

fn traces_of(text: &str) -> Vec<u8> {
    let attribute = pair("plain", &string(text));
    let span = [
        field(1, TRACE),
        field(2, b"=token=x"),
        field(3, text),
        field(4, b"=token=x"),
        field(5, text),
        int(6, 1),
        field(9, &attribute),
        field(11, [field(2, text), field(3, &attribute)].concat()),
        field(
            13,
            [field(1, TRACE), field(3, text), field(4, &attribute)].concat(),
        ),
        field(15, [field(2, text), int(3, 2)].concat()),
    ];
    field(1, field(2, field(2, span.concat())))
}

fn metrics_of(text: &str) -> Vec<u8> {
    let attribute = pair("plain", &string(text));
    let exemplar = [field(7, &attribute), field(4, b"=token=x"), field(5, TRACE)].concat();
    let metric = [
        field(1, text),
        field(2, text),
        field(3, text),
        field(
            5,
            field(1, [field(7, &attribute), field(5, &exemplar)].concat()),
        ),
        field(7, [field(1, field(7, &attribute)), int(2, 2)].concat()),
        field(
            9,
            field(
                1,
                [field(9, &attribute), field(6, [7; 16]), field(8, &exemplar)].concat(),
            ),
        ),
        field(
            10,
            field(1, [field(1, &attribute), field(11, &exemplar)].concat()),
        ),
        field(11, field(1, field(7, &attribute))),
        field(12, &attribute),
    ];
    field(1, field(2, field(2, metric.concat())))
}

fn profiles_of(text: &str) -> Vec<u8> {
    let dictionary = [
        field(5, ""),
        field(5, text),
        field(6, [int(1, 0), field(2, string(text)), int(3, 0)].concat()),
        field(2, [int(1, 0), field(9, text)].concat()),
    ];
    let resource = field(1, pair("plain", &string(text)));
    let profiles = [field(1, &resource), field(2, field(2, field(7, text)))].concat();
    [field(1, profiles), field(2, dictionary.concat())].concat()
}
