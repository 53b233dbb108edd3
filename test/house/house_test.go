package house_test

import (
	"path/filepath"
	"testing"

	"github.com/i-agent/iagent/test/house"
)

func TestImportsGoDownOnly(t *testing.T) { report(t, house.CheckImports) }

func TestEveryPackageSaysWhatItIsFor(t *testing.T) { report(t, house.CheckPackages) }

func TestFilesStayReadable(t *testing.T) { report(t, house.CheckLength) }

func TestNobodySleepsSkipsOrHidesInInit(t *testing.T) { report(t, house.CheckHabits) }

func report(t *testing.T, check func([]house.Source) []string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	sources, err := house.Load(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) < 20 {
		t.Fatalf("only %d files under %s", len(sources), root)
	}
	for _, fault := range check(sources) {
		t.Error(fault)
	}
}
