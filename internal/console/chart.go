package console

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/health"
)

// chart is a series as a drawing. Nothing is drawn where nothing was measured: a line has gaps there.
type chart struct {
	title, says string
	lines       []line
	// top is what the upper edge stands for, first and last are the times at the left and at the right edge.
	top         string
	first, last time.Time
	// summary says in words what is drawn.
	summary string
}

// line is one of a chart; its points are "x,y" pairs, a text for each part without a gap.
type line struct {
	name  string
	class string // "" or "second"
	parts []string
}

// The size of a drawing, in its own units.
const (
	chartWidth, chartHeight = 360, 80
)

// charts are the series of the page of health; none while there are no two points.
func charts(points []health.Point) []chart {
	if len(points) < 2 {
		return nil
	}
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	always := func(health.Point) bool { return true }
	answered, measured := func(p health.Point) bool { return p.Answered }, func(p health.Point) bool { return p.Measured }
	return []chart{
		draw(points, "Answer time, ms", "of the webhooks that this process answered in the 5 minutes before each point",
			value{"p99", answered, func(p health.Point) float64 { return ms(p.P99) }}, value{"p50", answered, func(p health.Point) float64 { return ms(p.P50) }}),
		draw(points, "Webhooks a minute", "verified and answered by this process", value{"webhooks", always, func(p health.Point) float64 { return float64(p.Webhooks) }}),
		draw(points, "Refused and duplicate, a minute", "by this process: refused without a valid signature, and repetitions of what was accepted",
			value{"refused", always, func(p health.Point) float64 { return float64(p.Refused) }}, value{"duplicates", always, func(p health.Point) float64 { return float64(p.Duplicates) }}),
		draw(points, "Dead runs", "in the database, of all processes", value{"dead", measured, func(p health.Point) float64 { return float64(p.Dead) }}),
		draw(points, "Oldest waiting, s", "the run or webhook that has waited for the longest, in the database", value{"age", measured, func(p health.Point) float64 { return p.Waiting.Seconds() }}),
		draw(points, "Database, ms", "time to its answer, seen from this process", value{"answer", measured, func(p health.Point) float64 { return ms(p.DatabaseTook) }}),
	}
}

// value is what a line shows of each point, if it was measured.
type value struct {
	name  string
	known func(health.Point) bool
	of    func(health.Point) float64
}

func draw(points []health.Point, title, says string, values ...value) chart {
	c := chart{title: title, says: says, first: points[0].At, last: points[len(points)-1].At}
	top := 0.0
	for _, v := range values {
		for _, p := range points {
			if v.known(p) {
				top = max(top, v.of(p))
			}
		}
	}
	top = roundedUp(top)
	c.top = plainNumber(top)
	begin, span := points[0].At, points[len(points)-1].At.Sub(points[0].At)
	var said []string
	for n, v := range values {
		l, name := line{name: v.name}, v.name
		if n > 0 {
			l.class, name = "second", v.name+" (dashed)"
		}
		var part []string
		end := func() {
			if len(part) == 1 { // a point alone is drawn as a short line
				part = append(part, part[0])
			}
			if len(part) > 0 {
				l.parts = append(l.parts, strings.Join(part, " "))
			}
			part = nil
		}
		least, most, latest, known := 0.0, 0.0, none, false
		for i, p := range points {
			if i > 0 && p.At.Sub(points[i-1].At) > 3*health.PointEvery || !v.known(p) {
				end()
			}
			if !v.known(p) {
				latest = none
				continue
			}
			y := v.of(p)
			if !known {
				least, most, known = y, y, true
			}
			least, most, latest = min(least, y), max(most, y), plainNumber(y)
			part = append(part, fmt.Sprintf("%.1f,%.1f", chartWidth*float64(p.At.Sub(begin))/float64(span), chartHeight*(1-y/top)))
		}
		end()
		c.lines = append(c.lines, l)
		if known {
			said = append(said, fmt.Sprintf("%s: last %s, from %s to %s", name, latest, plainNumber(least), plainNumber(most)))
		} else {
			said = append(said, name+": not measured")
		}
	}
	c.summary = strings.Join(said, "; ")
	return c
}

// roundedUp is the next number of 1, 2 or 5 and zeros.
func roundedUp(top float64) float64 {
	for unit := 1.0; ; unit *= 10 {
		for _, n := range []float64{1, 2, 5} {
			if n*unit >= top {
				return n * unit
			}
		}
	}
}

func plainNumber(n float64) string {
	if n > 0 && n < 0.1 {
		return strconv.FormatFloat(n, 'g', 1, 64) // what was measured is not shown as nothing
	}
	if n < 10 && n != float64(int(n)) {
		return strconv.FormatFloat(n, 'f', 1, 64)
	}
	return strconv.FormatFloat(n, 'f', 0, 64)
}
