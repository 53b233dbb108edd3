package export_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/export"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// database is a store with statements of the test's own.
type database struct {
	*store.Store
	t *testing.T
}

const at = `'2026-11-26 09:00:00.5+00:00'`

// surveyed opens a database with the campaign c1, of one hypothesis.
func surveyed(t *testing.T, url string) database {
	t.Helper()
	s, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	d := database{s, t}
	d.exec(`INSERT INTO campaigns (id, name, category, prompt_template, status, answer_mode, created_at, updated_at)
		VALUES ('c1', 'Shelves', '', '- How much is the bread?', 'ACTIVE', 'gather', ` + at + `, ` + at + `)`)
	d.exec(`INSERT INTO hypotheses (id, campaign_id, position, question, status, conclusion, created_at)
		VALUES ('h1', 'c1', 0, 'Is it dear?', 'PENDING', '', ` + at + `)`)
	return d
}

func (d database) exec(statement string) {
	d.t.Helper()
	storetest.Exec(d.t, d, statement)
}

// contacts makes contacts from first on, each with one call in which something was said. FROM n is the series of their numbers.
func (d database) contacts(first, many int, externalID, number, said string) {
	d.t.Helper()
	series := fmt.Sprintf(`WITH RECURSIVE n (g) AS (SELECT %d UNION ALL SELECT g + 1 FROM n WHERE g < %d) `, first, first+many-1)
	d.exec(series + `INSERT INTO contacts (id, campaign_id, phone_number, external_id, time_zone, language, variables, consent_basis, state, reason, attempts,
		call_id, caller_id, simulated, created_at, updated_at) SELECT 'p' || (100000 + g), 'c1', '` + number + `', '` + externalID + `', '', 'en-US',
		'{"thing":"` + said + `"}', '', 'REACHED', '', 1, '', '+15005550006', FALSE, ` + at + `, ` + at + ` FROM n`)
	d.exec(series + `INSERT INTO calls (id, campaign_id, phone_number, twilio_sid, account_sid, status, sequence, consent, consent_attempts, error_code,
		error_message, transcript, created_at, updated_at, contact_id, answers, dialed_at) SELECT 'k' || (100000 + g), 'c1', '` + number + `', 'CA' || g, 'AC',
		'COMPLETED', 0, 'given', 1, 0, '', 'callee: ` + said + `', ` + at + `, ` + at + `, 'p' || (100000 + g), 1, ` + at + ` FROM n`)
	d.exec(series + `INSERT INTO utterances (call_id, recording_sid, position, speaker, text, start_sec, end_sec)
		SELECT 'k' || (100000 + g), '', 1, 'callee', '` + said + `', 0, 0 FROM n`)
	d.exec(series + `INSERT INTO claims (id, call_id, recording_sid, hypothesis_id, field, value_number, value_text, unit, sku_id, geo_code, text, raw_text,
		start_sec, end_sec, confidence, low_confidence, supports, validated, contradicting, rejected, model, created_at)
		SELECT 'm' || (100000 + g), 'k' || (100000 + g), '', 'h1', 'PRICE', -1.5, '', 'USD', '', '', '` + said + `', '` + said + `', 0, 1, 0.9, FALSE, TRUE, FALSE, FALSE,
		'', 'gpt', ` + at + ` FROM n`)
}

func (d database) verdicts(many int) {
	d.t.Helper()
	d.exec(fmt.Sprintf(`WITH RECURSIVE n (g) AS (SELECT 1 UNION ALL SELECT g + 1 FROM n WHERE g < %d) `, many) + `INSERT INTO verdicts (id, hypothesis_id,
		revision, status, conclusion, consistency, confidence, claims, calls, reasons, model, created_at)
		SELECT 'v' || g, 'h1', g, 'PENDING', '', 0, 0, 0, 0, '["too few","so far"]', 'gpt', ` + at + ` FROM n`)
}

func (d database) export(table export.Table, format export.Format, viewer bool) (string, int) {
	d.t.Helper()
	var out bytes.Buffer
	rows, err := export.Write(d.t.Context(), d.Store, &out, export.Options{CampaignID: "c1", Table: table, Format: format, Viewer: viewer})
	if err != nil {
		d.t.Fatal(err)
	}
	return out.String(), rows
}

func TestEveryTableHasTheSameRowsInEveryFormat(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		d := surveyed(t, url)
		const many = 230 // more than two parts
		for _, want := range []int{0, many} {
			if want > 0 {
				d.contacts(1, many, "x", "+15550001234", "two dollars")
				d.verdicts(many)
			}
			for _, table := range export.Tables() {
				lines, rows := d.export(table, export.NDJSON, false)
				if rows != want || strings.Count(lines, "\n") != want {
					t.Errorf("%s: %d rows, %d lines", table, rows, strings.Count(lines, "\n"))
				}
				array, _ := d.export(table, export.JSON, false)
				var objects []json.RawMessage
				if err := json.Unmarshal([]byte(array), &objects); err != nil || len(objects) != want || objects == nil {
					t.Errorf("%s: %d objects, %v", table, len(objects), err)
				}
				for n, line := range strings.Split(strings.TrimSpace(lines), "\n") {
					if want > 0 && line != string(objects[n]) {
						t.Errorf("%s: %s and %s", table, line, objects[n])
					}
				}
				sheet, _ := d.export(table, export.CSV, false)
				records, err := csv.NewReader(strings.NewReader(sheet)).ReadAll()
				if err != nil || len(records) != want+1 {
					t.Errorf("%s: %d records, %v", table, len(records), err)
				}
				if want > 0 {
					first := map[string]any{}
					if err := json.Unmarshal(objects[0], &first); err != nil || len(first) != len(records[0]) {
						t.Errorf("%s: %v has %d of %d columns, %v", table, first, len(first), len(records[0]), err)
					}
				}
			}
		}
		contacts, _ := d.export(export.Contacts, export.NDJSON, false)
		for _, want := range []string{`"id":"p100001"`, `"phoneNumber":"+15550001234"`, `"variables":{"thing":"two dollars"}`, `"consentAt":null`,
			`"disposition":"1.1","dispositionName":"complete interview"`, `"createdAt":"2026-11-26T09:00:00.5Z"`} {
			if !strings.Contains(contacts, want) {
				t.Errorf("%s is not in %.1000s", want, contacts)
			}
		}
		answers, _ := d.export(export.Answers, export.CSV, false)
		if want := "k100001,p100001,x,1,How much is the bread?,callee,two dollars,live,,1,,\n"; !strings.Contains(answers, want) {
			t.Errorf("%q is not in %.500s", want, answers)
		}
	})
}

func TestCampaignThatIsNotThereIsToldBeforeTheFirstByte(t *testing.T) {
	d := surveyed(t, storetest.SQLite(t))
	for _, table := range export.Tables() {
		var out bytes.Buffer
		_, err := export.Write(t.Context(), d.Store, &out, export.Options{CampaignID: "c2", Table: table, Format: export.CSV})
		if !errors.Is(err, store.ErrNotFound) || out.Len() > 0 {
			t.Errorf("%s: %v, %q", table, err, out.String())
		}
	}
}

func TestNoCellOfACSVIsAFormula(t *testing.T) {
	d := surveyed(t, storetest.SQLite(t))
	d.contacts(1, 1, `=cmd()`, "+15550001234", `@SUM(1)`)
	for _, table := range []export.Table{export.Contacts, export.Answers, export.Claims} {
		sheet, _ := d.export(table, export.CSV, false)
		records, err := csv.NewReader(strings.NewReader(sheet)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for n, cell := range records[1] {
			if cell != "" && strings.ContainsAny(cell[:1], "=+@-\t") && records[0][n] != "valueNumber" {
				t.Errorf("%s: %s is %q", table, records[0][n], cell)
			}
		}
	}
	if claims, _ := d.export(export.Claims, export.CSV, false); !strings.Contains(claims, ",-1.5,") {
		t.Errorf("a negative number is no number any more: %s", claims)
	}
}

// A viewer sees no number: not in its column, and in nothing that people wrote or said.
func TestViewersExportHasNoPhoneNumber(t *testing.T) {
	d := surveyed(t, storetest.SQLite(t))
	d.contacts(1, 1, "number_15550001234", "+15550001234", "call five five five zero zero zero one two three four or 555 000 1234")
	for _, table := range export.Tables() {
		for _, format := range export.Formats() {
			shown, _ := d.export(table, format, true)
			for _, secret := range []string{"5550001234", "555 000", "five five five"} {
				if strings.Contains(shown, secret) {
					t.Errorf("%s as %s shows %q: %s", table, format, secret, shown)
				}
			}
		}
	}
	if shown, _ := d.export(export.Contacts, export.NDJSON, true); !strings.Contains(shown, `"phoneNumber":"+1******1234"`) || !strings.Contains(shown, `"id":"p100001"`) {
		t.Errorf("masked too much or too little: %s", shown)
	}
	if whole, _ := d.export(export.Answers, export.NDJSON, false); !strings.Contains(whole, "555 000 1234") {
		t.Errorf("an administrator sees less than there is: %s", whole)
	}
}

func TestWhatWasErasedIsNotExported(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		d := surveyed(t, url)
		d.contacts(1, 1, "person-7", "+15550001234", "two dollars")
		if _, err := d.ErasePersonalData(t.Context(), store.ErasureRequest{CallID: "k100001", RequestedBy: "test", Reason: "asked"}); err != nil {
			t.Fatal(err)
		}
		for _, table := range export.Tables() {
			shown, _ := d.export(table, export.NDJSON, false)
			for _, secret := range []string{"5550001234", "two dollars", "person-7"} {
				if strings.Contains(shown, secret) {
					t.Errorf("%s shows %q: %s", table, secret, shown)
				}
			}
		}
		if calls, rows := d.export(export.Calls, export.NDJSON, false); rows != 1 || !strings.Contains(calls, `"phoneNumber":""`) || !strings.Contains(calls, `"consentGiven":false`) {
			t.Errorf("%d calls: %s", rows, calls)
		}
	})
}

// weighed counts the bytes that were exported, and weighs the heap now and then.
type weighed struct {
	bytes, parts int
	heaviest     uint64
}

func (w *weighed) Write(p []byte) (int, error) {
	w.bytes += len(p)
	return len(p), nil
}

func (w *weighed) part() error {
	if w.parts++; w.parts%20 == 0 {
		w.heaviest = max(w.heaviest, live())
	}
	return nil
}

func live() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestExportOfManyRowsNeedsLittleMemory(t *testing.T) {
	d := surveyed(t, storetest.SQLite(t))
	const many, length = 8_000, 2_000
	d.contacts(1, many, "x", "+15550001234", strings.Repeat("bread ", length/6))
	for _, table := range []export.Table{export.Contacts, export.Answers} {
		before := live()
		var out weighed
		rows, err := export.Write(t.Context(), d.Store, &out, export.Options{CampaignID: "c1", Table: table, Format: export.JSON, Flush: out.part})
		if err != nil || rows != many || out.bytes < many*length*9/10 || out.parts < many/100 {
			t.Fatalf("%s: %d rows, %d bytes, %d parts, %v", table, rows, out.bytes, out.parts, err)
		}
		const most = 6 << 20 // of 16 MB
		if out.heaviest > before+most {
			t.Errorf("%s: the heap grew by %d KiB", table, (out.heaviest-before)>>10)
		}
	}
}

func TestExportEndsWhenNobodyReadsItAnyMore(t *testing.T) {
	d := surveyed(t, storetest.SQLite(t))
	d.contacts(1, 500, "x", "+15550001234", "two dollars")
	gone := errors.New("gone")
	parts := 0
	_, err := export.Write(t.Context(), d.Store, &bytes.Buffer{}, export.Options{CampaignID: "c1", Table: export.Calls, Format: export.CSV,
		Flush: func() error { parts++; return gone }})
	if !errors.Is(err, gone) || parts != 1 {
		t.Errorf("%d parts, %v", parts, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := export.Write(ctx, d.Store, &bytes.Buffer{}, export.Options{CampaignID: "c1", Table: export.Calls, Format: export.CSV}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is over: %v", err)
	}
}
