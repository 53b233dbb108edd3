package progress

import (
	"strings"
	"testing"
)

func TestBarIsDrawnOnATerminalAndLinesElsewhere(t *testing.T) {
	for _, test := range []struct {
		terminal bool
		total    int
		want     string
	}{
		{true, 8, "\r[" + strings.Repeat(".", 40) + "] 0/8 calls, x   \r[" + strings.Repeat("#", 20) + strings.Repeat(".", 20) + "] 4/8 calls, x   " +
			"\r[" + strings.Repeat("#", 40) + "] 8/8 calls, x   \n"},
		{true, 0, "\r0 calls, x   \r4 calls, x   \r9 calls, x   \n"},
		{false, 0, ""},
		{false, 8, "4 of 8 calls are over, x\n8 of 8 calls are over, x\n"},
	} {
		var out strings.Builder
		bar := Bar{Out: &out, Terminal: test.terminal, Total: test.total, Unit: "calls", Lines: 4}
		for _, done := range []int{0, 4, 9} {
			bar.Show(done, "x")
		}
		bar.End()
		if out.String() != test.want {
			t.Errorf("%q, want %q", out.String(), test.want)
		}
	}
}
