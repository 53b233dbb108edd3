package simulate

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/i-agent/iagent/simulator"
)

var update = flag.Bool("update", false, "write docs/faults.md anew")

func TestFaultsPageIsUpToDate(t *testing.T) {
	const path = "../../docs/faults.md"
	want := FaultsPage()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/faults.md is out of date: go test ./internal/simulate -run TestFaultsPageIsUpToDate -update")
	}
}

func TestEverySectionOfTheFaultsPageHasAnIntroduction(t *testing.T) {
	sections := strings.Split(FaultsPage(), "\n## ")[1:]
	if len(sections) < 7 {
		t.Fatalf("%d sections", len(sections))
	}
	for _, section := range sections {
		title, text, _ := strings.Cut(section, "\n\n")
		if first, _, _ := strings.Cut(text, "\n"); len(strings.Fields(first)) < 8 || strings.HasPrefix(first, "|") {
			t.Errorf("%s begins with %q", title, first)
		}
	}
}

func TestNoFaultIsLeftOutOfThePageOrTheHelp(t *testing.T) {
	page, help := FaultsPage(), FaultsHelp()
	for _, doc := range simulator.FaultDocs() {
		if strings.Count(page, "| `"+string(doc.Name)+"` |") != 1 {
			t.Errorf("the page does not have %s once", doc.Name)
		}
		if !strings.Contains(help, string(doc.Name)+" (") {
			t.Errorf("the help does not have %s", doc.Name)
		}
	}
}

func TestExamplesOfPeopleCanBeRead(t *testing.T) {
	files, err := filepath.Glob("../../examples/people/*")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := simulator.ReadPeople(file); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		file.Close()
	}
}
