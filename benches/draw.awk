# A picture of the seven-pattern tools, files to /dev/null: a bar a tool and corpus, in GB/s.
# For benches/compare.
#
#   awk -f draw.awk SPEEDS > PICTURE.svg
#
# SPEEDS has lines `mode corpus tool MB/s`. The background is left to the page, and the
# colours follow it into the dark.

BEGIN {
  tool_count = split("article hyperscan regex ripgrep vrl perl sed cat", tool, " ")
  corpus_count = split("clean sparse dense near-misses json", corpus, " ")
  label["article"] = "blackbar"; label["regex"] = "regex crate"; label["vrl"] = "VRL redact"; label["hyperscan"] = "Hyperscan"
  label["cat"] = "cat (copies)"
  left = 110; right = 60; width = 760; bar = 12; gap = 3; head = 44; between = 14
}

$1 == "file" { speed[$2, $3] = $4; if ($4 > fastest) fastest = $4 }

function name(t) { return t in label ? label[t] : t }

function count(c,  t, n) {
  for (t = 1; t <= tool_count; t++) n += (corpus[c], tool[t]) in speed
  return n
}

END {
  for (c = 1; c <= corpus_count; c++) if (count(c)) height += 20 + count(c) * (bar + gap) + between
  height += head
  scale = (width - left - right) / fastest
  printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Speed of blackbar and of other filters\">\n", width, height, width, height
  print "<style>"
  print "  text { font: 12px system-ui, sans-serif; fill: #24292f }"
  print "  .title, .corpus { font-weight: 600 } .title { font-size: 14px } .tool { text-anchor: end }"
  print "  .bar { fill: #8c959f } .ours { fill: #0969da } .cat { fill: none; stroke: #8c959f }"
  print "  @media (prefers-color-scheme: dark) {"
  print "    text { fill: #e6edf3 } .bar { fill: #6e7681 } .ours { fill: #58a6ff } .cat { fill: none; stroke: #6e7681 }"
  print "  }"
  print "</style>"
  printf "<text class=\"title\" x=\"0\" y=\"18\">Seven patterns, a file to /dev/null, start-up included: GB/s</text>\n"
  y = head
  for (c = 1; c <= corpus_count; c++) {
    if (!count(c)) continue
    printf "<text class=\"corpus\" x=\"0\" y=\"%d\">%s</text>\n", y + 4, corpus[c]
    y += 12
    for (t = 1; t <= tool_count; t++) {
      if (!((corpus[c], tool[t]) in speed)) continue
      length_ = speed[corpus[c], tool[t]] * scale
      class = tool[t] == "article" ? "bar ours" : tool[t] == "cat" ? "bar cat" : "bar"
      printf "<text class=\"tool\" x=\"%d\" y=\"%d\">%s</text>", left - 8, y + bar - 2, name(tool[t])
      printf "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>", class, left, y, length_, bar
      printf "<text x=\"%.1f\" y=\"%d\">%.2f</text>\n", left + length_ + 6, y + bar - 2, speed[corpus[c], tool[t]] / 1000
      y += bar + gap
    }
    y += 8 + between
  }
  print "</svg>"
}
