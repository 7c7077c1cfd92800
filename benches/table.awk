# Tables of speeds, and which marks are met. For benches/compare.
#
#   awk -v tools="A B" -v modes="file" -v corpora="clean" -f table.awk SPEEDS MARKS
#
# SPEEDS has lines `mode corpus tool MB/s`, MARKS `mode corpus tool other least`.
# Exit status 1 if a mark is missed; what was not measured misses none.

function ratio(place, one, other) { return speed[place, one] / speed[place, other] }

# The same for a table; a dash where it was not measured.
function times(place, one, other) {
  return (place, other) in speed ? sprintf("%.2f", ratio(place, one, other)) : "–"
}

FNR == NR { speed[$1 " " $2, $3] = $4; next }
/^#/ || !NF { next }
{ marks++; place[marks] = $1 " " $2; one[marks] = $3; other[marks] = $4; least[marks] = $5 }

END {
  tool_count = split(tools, tool, " "); corpus_count = split(corpora, corpus, " "); mode_count = split(modes, mode, " ")
  for (m = 1; m <= mode_count; m++) {
    printf "\n%s: MB/s (times ripgrep, times cat)\n\n| corpus |", mode[m] == "file" ? "file to /dev/null" : "cat FILE | tool | cat"
    for (t = 1; t <= tool_count; t++) printf " %s |", tool[t]
    printf "\n|---|"
    for (t = 1; t <= tool_count; t++) printf "---:|"
    printf "\n"
    for (c = 1; c <= corpus_count; c++) {
      here = mode[m] " " corpus[c]
      printf "| %s |", corpus[c]
      for (t = 1; t <= tool_count; t++)
        if ((here, tool[t]) in speed) printf " %.0f (%s, %s) |", speed[here, tool[t]], times(here, tool[t], "ripgrep"), times(here, tool[t], "cat")
        else printf " |"
      printf "\n"
    }
  }
  printf "\n"
  for (m = 1; m <= marks; m++) {
    if (!((place[m], one[m]) in speed) || !((place[m], other[m]) in speed)) continue
    found = ratio(place[m], one[m], other[m])
    verdict = found >= least[m] ? "met" : "MISSED"
    if (verdict == "MISSED") missed = 1
    printf "%-16s %-8s %6.2f x %-9s  mark %.2f: %s\n", place[m], one[m], found, other[m], least[m], verdict
  }
  exit missed
}
