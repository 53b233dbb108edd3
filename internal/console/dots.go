package console

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/i-agent/iagent/internal/interview"
)

// The size of an axis, in units of its picture.
const (
	axisLeft, axisRight = 30.0, 570.0
	dotStep             = 9.0 // between dots at one place
	dotsShown           = 500 // on one axis
)

// dotAxis is an axis with one dot for each call.
type dotAxis struct {
	title, first, last string
	height             string
	base               string // where the line is
	dots               []dot
	left               int // calls that have no dot for want of room
}

// dot is what one call said.
type dot struct{ x, y, class, said, href string }

// placed is a dot before it is known where others are.
type placed struct {
	value float64
	dot
}

// dotAxes are the axes of a hypothesis: one of how sure the claims are for and against, and one for each field and unit of which
// calls named a number. A call has one dot on an axis: its surest claim there.
func dotAxes(p hypothesisView) []dotAxis {
	sides, values := map[string]interview.Claim{}, map[string]map[string]interview.Claim{}
	keep := func(best map[string]interview.Claim, claim interview.Claim) {
		if old, ok := best[claim.CallID]; !ok || claim.Confidence > old.Confidence {
			best[claim.CallID] = claim
		}
	}
	for _, e := range p.evidence {
		keep(sides, e.Claim)
		if e.ValueNumber == nil {
			continue
		}
		axis := string(e.Field) + " in " + string(e.Unit)
		if e.Unit == interview.UnitNone {
			axis = string(e.Field)
		}
		if values[axis] == nil {
			values[axis] = map[string]interview.Claim{}
		}
		keep(values[axis], e.Claim)
	}
	if len(sides) == 0 {
		return nil
	}
	var all []placed
	for _, claim := range sides {
		all = append(all, placed{leaning(claim), p.dotOf(claim)})
	}
	axes := []dotAxis{newDotAxis("How sure each call is, against and for", "surely against", "surely for", all, -1, 1)}
	var titles []string
	for title := range values {
		titles = append(titles, title)
	}
	slices.Sort(titles)
	for _, title := range titles {
		all = nil
		for _, claim := range values[title] {
			all = append(all, placed{*claim.ValueNumber, p.dotOf(claim)})
		}
		least := slices.MinFunc(all, func(a, b placed) int { return cmp.Compare(a.value, b.value) }).value
		most := slices.MaxFunc(all, func(a, b placed) int { return cmp.Compare(a.value, b.value) }).value
		axes = append(axes, newDotAxis(title, p.words(plain(least)), p.words(plain(most)), all, least, most))
	}
	return axes
}

// leaning is a claim's confidence: above 0 for the hypothesis, below 0 against it.
func leaning(claim interview.Claim) float64 {
	switch {
	case claim.Supports == nil:
		return 0
	case *claim.Supports:
		return claim.Confidence
	}
	return -claim.Confidence
}

// dotOf is the dot of a claim, without its place.
func (p hypothesisView) dotOf(claim interview.Claim) dot {
	class, side := "dot-neither", "neither for nor against"
	if claim.Supports != nil {
		if class, side = "dot-against", "against"; *claim.Supports {
			class, side = "dot-for", "for"
		}
	}
	said := side + ", confidence " + share(claim.Confidence)
	if value := p.claimValue(claim); value != "" {
		said = value + ", " + said
	}
	return dot{class: class, said: "call " + claim.CallID + ": " + said, href: p.callHref(claim)}
}

func newDotAxis(title, first, last string, all []placed, least, most float64) dotAxis {
	slices.SortFunc(all, func(a, b placed) int { return cmp.Or(cmp.Compare(a.value, b.value), cmp.Compare(a.said, b.said)) })
	axis := dotAxis{title: fmt.Sprintf("%s: %d calls", title, len(all)), first: first, last: last}
	if len(all) == 1 {
		axis.title = title + ": 1 call"
	}
	if len(all) > dotsShown {
		axis.left, all = len(all)-dotsShown, all[:dotsShown]
	}
	columns, highest := map[int]int{}, 1
	for _, d := range all {
		at := 0.5
		if most > least {
			at = (d.value - least) / (most - least)
		}
		column := int((axisLeft + at*(axisRight-axisLeft)) / dotStep)
		columns[column]++
		highest = max(highest, columns[column])
		d.x = plain(float64(column)*dotStep + dotStep/2)
		d.y = strconv.Itoa(columns[column]) // from the line upwards, until the height is known
		axis.dots = append(axis.dots, d.dot)
	}
	base := dotStep*float64(highest) + 4
	for n, d := range axis.dots {
		row, _ := strconv.Atoi(d.y)
		axis.dots[n].y = plain(base - dotStep*float64(row) + dotStep/2 - 2)
	}
	axis.base, axis.height = plain(base), plain(base+6)
	return axis
}

func plain(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
