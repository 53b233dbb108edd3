package contactimport_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/contactimport"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// now is a Monday, noon in New York.
func now() time.Time { return time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC) }

func opened(t testing.TB, url string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), url, store.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func campaign(t testing.TB, s *store.Store, change func(*interview.Campaign)) interview.Campaign {
	t.Helper()
	c := interview.Campaign{Name: "Shelves", Status: interview.CampaignActive, Identity: storetest.Caller(), Region: "US",
		PromptTemplate: "- What does {{product}} cost?", Language: "en-US"}
	if change != nil {
		change(&c)
	}
	c, err := s.CreateCampaign(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// run imports a CSV file.
func run(t testing.TB, s *store.Store, campaignID, file string, dryRun bool) (contactimport.Counts, []contactimport.Result, error) {
	t.Helper()
	rows, err := contactimport.NewCSV(strings.NewReader(file))
	if err != nil {
		return contactimport.Counts{}, nil, err
	}
	var results []contactimport.Result
	counts, err := contactimport.Import{Store: s, CampaignID: campaignID, DryRun: dryRun, Now: now,
		Each: func(_ contactimport.Row, r contactimport.Result) error { results = append(results, r); return nil }}.Run(t.Context(), rows)
	return counts, results, err
}

// fault is what can be wrong with a row, or keep it waiting: its number, "" for one of its own, the rest of its fields, and the reason for
// which it is refused or waits.
type fault struct{ number, rest, reason string }

const first, listed, existing, live, service = "+12127360000", "+12127369001", "+12127369002", "+12127369003", "+1 800 555 0199"

// faults are of 24 kinds.
func faults() []fault {
	return []fault{
		{" ", ",,,,,bread", contactimport.ReasonPhoneNumber},
		{"Jane Doe", ",,,,,bread", contactimport.ReasonPhoneNumber},
		{"911", ",,,,,bread", contactimport.ReasonPhoneNumber},
		{"212-736-5000 ext. 7", ",,,,,bread", contactimport.ReasonPhoneNumber},
		{"1.21274E+10", ",,,,,bread", contactimport.ReasonPhoneNumber},
		{"+999 123 456", ",,,,,bread", contactimport.ReasonPhoneNumber},
		{"", ",Mars/Olympus,,,,bread", "ZONE_UNKNOWN"},
		{"", ",,english please,,,bread", contactimport.ReasonLanguage},
		{"", ",,,agreed,yesterday,bread", contactimport.ReasonConsentAt},
		{"", ",,,agreed,2031-01-01,bread", contactimport.ReasonConsentAt},
		{"", ",,,agreed,,", contactimport.ReasonMissingVariable},
		{"", ",,,agreed,,br\x01ead", contactimport.ReasonVariable},
		{"", ",,,agreed,," + strings.Repeat("b", 1001), contactimport.ReasonVariable},
		{"", strings.Repeat("x", 201) + ",,,agreed,,bread", contactimport.ReasonText},
		{"", ",,,,,bread", "NO_CONSENT_BASIS"},
		{"", ",,,agreed,,bread,one field more", contactimport.ReasonRow},
		{"", ",,,agreed,,br\xffead", contactimport.ReasonRow},
		{"", ",,,ag\"reed,,bread", contactimport.ReasonRow},
		{first, ",,,agreed,,bread", contactimport.ReasonDuplicate},
		{listed, ",,,agreed,,bread", "DO_NOT_CALL"},
		{existing, ",,,agreed,,bread", contactimport.ReasonContactExists},
		{live, ",,,agreed,,bread", "LIVE_CALL"},
		{service, ",,,agreed,,bread", "OUTSIDE_HOURS"}, // in many zones: it is seven in the morning of Honolulu
		{"", ",Asia/Tokyo,,agreed,,bread", "OUTSIDE_HOURS"},
	}
}

// faultyFile has 1,000 rows, of which every tenth is faulty, and says the reason of each by its line.
func faultyFile() (file string, want map[int]string) {
	var b strings.Builder
	b.WriteString("\xef\xbb\xbfphoneNumber,externalId,timeZone,language,consentBasis,consentAt,var.product\r\n")
	want = map[int]string{}
	kinds, used := faults(), map[string]bool{}
	for i := range 1000 {
		row := fault{rest: ",,,agreed on paper,2026-01-02,bread"}
		if i%10 == 9 {
			row = kinds[i/10%len(kinds)]
		}
		switch row.number {
		case "":
			row.number = fmt.Sprintf("(212) 736-%04d", i)
		case listed, existing, live, service:
			if used[row.number] {
				row.reason = contactimport.ReasonDuplicate
			}
			used[row.number] = true
		}
		fmt.Fprintf(&b, "%s,%s\r\n", row.number, row.rest)
		want[i+2] = row.reason
	}
	return b.String(), want
}

func TestPreviewAndImportAgreeRowForRow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := opened(t, url)
		c := campaign(t, s, func(c *interview.Campaign) { c.RequireConsentBasis = true })
		other := campaign(t, s, func(c *interview.Campaign) { c.PromptTemplate = "" })
		if _, _, err := s.AddDoNotCall(t.Context(), store.NewDoNotCall{PhoneNumber: listed, Scope: interview.ScopeAll, Source: "test"}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := run(t, s, c.ID, "phoneNumber,consentBasis,var.product\n"+existing+",agreed,bread\n", false); err != nil {
			t.Fatal(err)
		}
		_, err := s.CreateCalls(t.Context(), store.NewCalls{CampaignID: other.ID, PhoneNumbers: []string{live},
			Answer: func([]interview.Call) (store.Answer, error) { return store.Answer{Body: []byte{}}, nil }})
		if err != nil {
			t.Fatal(err)
		}
		file, want := faultyFile()
		preview, previewed, err := run(t, s, c.ID, file, true)
		if err != nil {
			t.Fatal(err)
		}
		counts, results, err := run(t, s, c.ID, file, false)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(preview, counts) || !reflect.DeepEqual(previewed, results) {
			t.Errorf("preview: %+v\nimport: %+v", preview, counts)
		}
		kinds := map[string]bool{}
		withoutNumbers := strings.NewReplacer("0", "", "1", "", "2", "", "3", "", "4", "", "5", "", "6", "", "7", "", "8", "", "9", "")
		for _, r := range results {
			if r.Reason != want[r.Line] {
				t.Errorf("line %d: %+v, want %q", r.Line, r, want[r.Line])
			}
			empty := r.Reason == contactimport.ReasonMissingVariable || r.Detail == "is no phone number" // of the row with " "
			if r.Action == contactimport.ActionRefuse && (r.Detail == "" || strings.Contains(r.Detail, "%!") || r.Value == "" && !empty) {
				t.Errorf("line %d: %+v", r.Line, r)
			}
			if r.Reason != "" {
				kinds[r.Reason+" "+r.Field+" "+withoutNumbers.Replace(r.Detail)] = true
			}
		}
		if counts.Rows != 1000 || len(results) != 1000 || counts.WillCall != 900 || len(counts.Refused) < 12 || len(counts.Waits) != 2 || len(kinds) < 20 {
			t.Errorf("%+v, %d kinds: %q", counts, len(kinds), slices.Sorted(maps.Keys(kinds)))
		}
		// The same file again adds nobody.
		again, _, err := run(t, s, c.ID, file, false)
		if err != nil || again.Contacts() != 0 || again.Refused[contactimport.ReasonContactExists] < counts.Contacts() {
			t.Errorf("again: %+v %v", again, err)
		}
	})
}

func TestSpreadsheetsWriteCSVInManyWays(t *testing.T) {
	s := opened(t, storetest.SQLite(t))
	for name, file := range map[string]string{
		"comma":         "phoneNumber,var.product\n+12127360001,bread\n",
		"semicolon":     "phoneNumber;var.product\r\n+12127360001;bread, dark\r\n",
		"tab":           "phoneNumber\tvar.product\n+12127360001\tbread\n",
		"mark":          "\xef\xbb\xbfphoneNumber;var.product\n+12127360001;bread\n",
		"separator":     "sep=;\r\nphoneNumber;var.product\r\n+12127360001;bread\r\n",
		"quoted":        "\"phoneNumber\",\"var.product\"\n\"+1 (212) 736-0001\",\"bread, \"\"dark\"\"\"\n",
		"no last line":  "phoneNumber,var.product\n+12127360001,bread",
		"other case":    "PHONENUMBER,VAR.product\n+12127360001,bread\n",
		"empty rows":    "phoneNumber,var.product\n,\n+12127360001,bread\n\n,\n",
		"empty column":  "phoneNumber,,var.product\n+12127360001,,bread\n",
		"two-line text": "phoneNumber,var.product\n+12127360001,\"bread\nand butter\"\n",
	} {
		counts, results, err := run(t, s, campaign(t, s, nil).ID, file, false)
		if err != nil || counts.Rows != 1 || counts.WillCall != 1 {
			t.Errorf("%s: %+v %+v %v", name, counts, results, err)
		}
	}
}

func TestFileThatIsNoListIsRefusedByName(t *testing.T) {
	for file, want := range map[string]string{
		"": "is empty", "\n\n": "is empty", "name,number\n": `"name", is none of`, "externalId\nx\n": "no column phoneNumber",
		"phoneNumber,phoneNumber\n": "twice", "\xff\xfep\x00h\x00": "UTF-16", "p\x00h\x00o\x00n\x00": "UTF-16", "PK\x03\x04zip": "spreadsheet",
		"phoneNumber,\xff\n": "UTF-8",
	} {
		_, err := contactimport.NewCSV(strings.NewReader(file))
		var fault *contactimport.FileError
		if !errors.As(err, &fault) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", file, err, want)
		}
	}
	for file, want := range map[string]string{
		"": "too early", "[]": "must be a JSON object", `{"people":[]}`: "must be a JSON object", `{"contacts":[{}`: "too early", `{"contacts":[],"x":1}`: "beside",
		`{"contacts":[]} {}`: "more than one", `{"contacts":[{]}`: "malformed",
	} {
		rows, err := contactimport.NewJSON(strings.NewReader(file))
		for err == nil {
			_, err = rows.Read()
		}
		var fault *contactimport.FileError
		if !errors.As(err, &fault) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", file, err, want)
		}
	}
}

func TestJSONSaysTheSameAsCSV(t *testing.T) {
	s := opened(t, storetest.SQLite(t))
	c := campaign(t, s, nil)
	rows, err := contactimport.NewJSON(strings.NewReader(`{"contacts":[
		{"phoneNumber":"+12127360001","externalId":7,"timeZone":"Europe/Berlin","language":"de-de","variables":{"product":12.5},"consentBasis":"agreed","consentAt":"2026-01-02T03:04:05Z"},
		{"phoneNumber":12127360002,"variables":{"product":"bread"}},
		{"phone":"+12127360003"}, {"phoneNumber":["x"]}, {"phoneNumber":"+12127360004","variables":{"pro duct":"x","product":"y"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	var reasons []string
	_, err = contactimport.Import{Store: s, CampaignID: c.ID, Now: now, Each: func(_ contactimport.Row, r contactimport.Result) error {
		reasons = append(reasons, r.Reason)
		return nil
	}}.Run(t.Context(), rows)
	want := []string{"", "", contactimport.ReasonRow, contactimport.ReasonRow, contactimport.ReasonVariable}
	if err != nil || !slices.Equal(reasons, want) {
		t.Errorf("%q, want %q: %v", reasons, want, err)
	}
}

func TestRefusedRowsAreMendedAndImportedAgain(t *testing.T) {
	s := opened(t, storetest.SQLite(t))
	c := campaign(t, s, nil)
	var refused contactimport.RefusedRows
	rows, err := contactimport.NewCSV(strings.NewReader("phoneNumber,externalId\n+12127360001,a\n\"+1212736,0002\",b\n+12127360003,\"c\"d\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = contactimport.Import{Store: s, CampaignID: c.ID, Now: now, Each: func(row contactimport.Row, r contactimport.Result) error {
		return refused.Add(row, r)
	}}.Run(t.Context(), rows)
	if err != nil || refused.Len() != 3 {
		t.Fatal(refused.Len(), err)
	}
	var file bytes.Buffer
	if err := refused.WriteCSV(&file); err != nil {
		t.Fatal(err)
	}
	if text := file.String(); !strings.Contains(text, ",INVALID_ROW,") || !strings.Contains(text, "+12127360003,") {
		t.Errorf("the beginning of a row that cannot be read is lost: %s", text)
	}
	mended := strings.NewReplacer("+1212736,0002", "+12127360002", ",,,,,,2,", ",,,,,bread,2,", ",,,,,,3,", ",,,,,bread,3,", ",a,,,,,", ",a,,,,,bread", ",b,,,,,", ",b,,,,,bread",
		"+12127360003,,,,,,,4,", "+12127360003,d,,,,,bread,4,").Replace(file.String())
	counts, results, err := run(t, s, c.ID, mended, false)
	if err != nil || counts.Contacts() != 3 {
		t.Errorf("%s\n%s\n%+v %+v %v", file.String(), mended, counts, results, err)
	}
}

// broken is a file whose end never comes.
type broken struct{ io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = errors.New("connection reset")
	}
	return n, err
}

func TestImportThatBreaksOffSaysWhatItDidAndAddsTheRestLater(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := opened(t, url)
		c := campaign(t, s, nil)
		file := func(n int) string {
			text := "phoneNumber,var.product\n"
			for i := range n {
				text += fmt.Sprintf("+1212736%04d,bread\n", i)
			}
			return text
		}
		rows, err := contactimport.NewCSV(broken{strings.NewReader(file(2500))})
		if err != nil {
			t.Fatal(err)
		}
		counts, err := contactimport.Import{Store: s, CampaignID: c.ID, Now: now}.Run(t.Context(), rows)
		if err == nil || counts.Contacts() != 2500 {
			t.Fatalf("%+v %v", counts, err)
		}
		again, _, err := run(t, s, c.ID, file(3000), false)
		if err != nil || again.Contacts() != 500 || again.Refused[contactimport.ReasonContactExists] != 2500 {
			t.Errorf("again: %+v %v", again, err)
		}
	})
}
