package console_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A rule for a class alone is in one stylesheet: a second one would change pages that its author did not think of.
func TestNoClassIsStyledByTwoSheets(t *testing.T) {
	sheets, err := filepath.Glob("assets/css/*.css")
	if err != nil || len(sheets) == 0 {
		t.Fatalf("%v, %v", sheets, err)
	}
	alone := regexp.MustCompile(`(?m)^  ((?:[a-z]+)?\.[a-z-]+) \{`)
	in := map[string]string{}
	for _, sheet := range sheets {
		text, err := os.ReadFile(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range alone.FindAllStringSubmatch(string(text), -1) {
			if other := in[found[1]]; other != "" && other != sheet {
				t.Errorf("class %s is styled by %s and by %s", found[1], other, sheet)
			}
			in[found[1]] = sheet
		}
		if strings.Contains(string(text), ".fields ") && filepath.Base(sheet) != "00-base.css" {
			t.Errorf("%s styles the fields of filters, which several lists have", sheet)
		}
	}
	for _, class := range strings.Fields(".button td.long .plain") {
		if in[class] == "" {
			t.Errorf("class %s is not styled", class)
		}
	}
}
