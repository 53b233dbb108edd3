// Package progress shows how far a run has come: a bar on a terminal, a line now and then elsewhere.
package progress

import (
	"fmt"
	"io"
	"strings"
)

// Bar is the progress of one run. Out and Total are required.
type Bar struct {
	Out      io.Writer
	Terminal bool   // draws a bar on one line
	Total    int    // what Show counts up to, 0 if nobody knows
	Unit     string // of the total, such as "calls"
	Lines    int    // elsewhere: how many lines there are at most

	shown int // lines so far
}

// width of the bar, in characters.
const width = 40

// Show shows how much is done, with more about it behind the count. It may be called as often as one likes.
func (b *Bar) Show(done int, more string) {
	if b.Total == 0 {
		if b.Terminal {
			fmt.Fprintf(b.Out, "\r%d %s, %s   ", done, b.Unit, more)
		}
		return
	}
	all := b.Total
	done = min(done, b.Total)
	if b.Terminal {
		filled := done * width / all
		fmt.Fprintf(b.Out, "\r[%s%s] %d/%d %s, %s   ", strings.Repeat("#", filled), strings.Repeat(".", width-filled), done, b.Total, b.Unit, more)
		return
	}
	if lines := done * b.Lines / all; lines > b.shown {
		b.shown = lines
		fmt.Fprintf(b.Out, "%d of %d %s are over, %s\n", done, b.Total, b.Unit, more)
	}
}

// End leaves the line of the bar.
func (b *Bar) End() {
	if b.Terminal {
		fmt.Fprintln(b.Out)
	}
}
