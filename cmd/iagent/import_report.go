package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/i-agent/iagent/internal/contactimport"
	"github.com/i-agent/iagent/internal/interview"
)

// importReport is what import says at its end.
type importReport struct {
	dryRun, json, mend bool
	counts             contactimport.Counts
	refused            int
	// first are the refused rows that are printed, all of those that JSON has, toMend those of the file of refused rows, each if wanted.
	first  []contactimport.Result
	all    contactimport.CompressedList
	toMend contactimport.RefusedRows
	// problem says why the import was broken off.
	problem string
}

// refusedPrinted is how many refused rows are printed one by one.
const refusedPrinted = 20

// take keeps what is said of a row.
func (p *importReport) take(row contactimport.Row, r contactimport.Result) error {
	if r.Action != contactimport.ActionRefuse {
		return nil
	}
	p.refused++
	if p.mend {
		if err := p.toMend.Add(row, r); err != nil {
			return err
		}
	}
	if p.json {
		return p.all.Add(r)
	}
	if len(p.first) < refusedPrinted {
		p.first = append(p.first, r)
	}
	return nil
}

func (p *importReport) print(to io.Writer) error {
	if p.json {
		return p.printJSON(to)
	}
	for _, r := range p.first {
		fmt.Fprintf(to, "line %d: %s %s %q %s\n", r.Line, r.Reason, r.Field, masked(r), r.Detail)
	}
	if p.refused > len(p.first) {
		fmt.Fprintf(to, "… and %d more\n", p.refused-len(p.first))
	}
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	verb := map[bool]string{false: "are called", true: "would be called"}[p.dryRun]
	fmt.Fprintf(w, "%d\trows\t\n%d\t%s\t\n", p.counts.Rows, p.counts.WillCall, verb)
	for _, reason := range slices.Sorted(maps.Keys(p.counts.Waits)) {
		waits := p.counts.Waits[reason]
		fmt.Fprintf(w, "%d\twait\t%s, until %s\n", waits.Count, reason, waits.Until.UTC().Format(time.RFC3339))
	}
	for _, reason := range slices.Sorted(maps.Keys(p.counts.Refused)) {
		fmt.Fprintf(w, "%d\trefused\t%s\n", p.counts.Refused[reason], reason)
	}
	if p.counts.Warnings > 0 {
		fmt.Fprintf(w, "%d\twarnings\tnumbers that look wrong, and are called nevertheless\n", p.counts.Warnings)
	}
	return w.Flush()
}

// printJSON prints what the API answers.
func (p *importReport) printJSON(to io.Writer) error {
	counts, err := json.Marshal(p.counts)
	if err != nil {
		return fmt.Errorf("encoding counts: %w", err)
	}
	if _, err := fmt.Fprintf(to, `{"dryRun":%t,"contacts":%d,"counts":%s,"refusedRows":`, p.dryRun, p.counts.Contacts(), counts); err != nil {
		return err
	}
	if _, err := p.all.WriteTo(to); err != nil {
		return err
	}
	end := "}\n"
	if p.problem != "" {
		problem, _ := json.Marshal(p.problem) // a string alone: cannot fail
		end = `,"error":` + string(problem) + end
	}
	_, err = io.WriteString(to, end)
	return err
}

// masked is the value of a refused row for a terminal, which others may see or record.
func masked(r contactimport.Result) string {
	if r.PhoneNumber != "" && r.Field == "phoneNumber" {
		return interview.MaskPhoneNumber(r.PhoneNumber)
	}
	if r.Field != "phoneNumber" && r.Field != "" { // "": a row that cannot be read
		return interview.WithoutPhoneNumbers(r.Value)
	}
	return maskedDigits(r.Value)
}

// maskedDigits is a text of which no number can be read, however somebody wrote it: of more than six digits the last four are left.
func maskedDigits(text string) string {
	const short, last = 6, 4
	digits := 0
	for _, c := range text {
		if unicode.IsDigit(c) {
			digits++
		}
	}
	if digits <= short {
		return text
	}
	return strings.Map(func(c rune) rune {
		if !unicode.IsDigit(c) {
			return c
		}
		if digits--; digits >= last {
			return '*'
		}
		return c
	}, text)
}
