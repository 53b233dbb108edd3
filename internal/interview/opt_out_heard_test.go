package interview_test

import (
	"os"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

// saidOf reads the answers of a file of testdata: a language, whether it asks never to be called again, and the words.
func saidOf(t *testing.T, name string) (said []spoken) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		language, rest, _ := strings.Cut(line, " ")
		sign, words, ok := strings.Cut(rest, " ")
		if !ok || sign != "+" && sign != "-" {
			t.Fatalf("%s: %q", name, line)
		}
		said = append(said, spoken{language, words, sign == "+"})
	}
	return said
}

// spoken is an answer.
type spoken struct {
	language, words string
	optsOut         bool
}

// TestWhoeverSaysSoPlainlyOptsOutAndNobodyElse hears people on the phone, with what a recogniser makes of it.
func TestWhoeverSaysSoPlainlyOptsOutAndNobodyElse(t *testing.T) {
	for _, name := range []string{"opt_out_first.txt", "opt_out_second.txt", "opt_out_third.txt"} {
		missed, taken, all := map[string]int{}, map[string]int{}, map[string][2]int{}
		for _, s := range saidOf(t, name) {
			n := all[s.language]
			switch heard := interview.OptsOut(s.language, "", s.words); {
			case s.optsOut && !heard:
				missed[s.language]++
				t.Errorf("%s: missed: %s", s.language, s.words)
			case !s.optsOut && heard:
				taken[s.language]++
				t.Errorf("%s: taken for an opt-out: %s", s.language, s.words)
			}
			if s.optsOut {
				n[0]++
			} else {
				n[1]++
			}
			all[s.language] = n
		}
		for language, n := range all {
			t.Logf("%s, %s: %d of %d opt-outs missed, %d of %d others taken for one", name, language, missed[language], n[0], taken[language], n[1])
		}
	}
}
