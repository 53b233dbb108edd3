package twilio_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/twilio"
)

// saying answers everything alike.
func saying(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// row is a call of ours as Twilio lists it, with some fields changed; nil takes a field out.
func row(changes map[string]any) string {
	call := map[string]any{"sid": sid1, "account_sid": account, "to": call.To, "from": call.From, "status": "completed",
		"direction": "outbound-api", "date_created": "Mon, 02 Nov 2026 10:00:05 +0000"}
	for name, value := range changes {
		if call[name] = value; value == nil {
			delete(call, name)
		}
	}
	text, _ := json.Marshal(call)
	return string(text)
}

func TestOnlyAWellFormedListIsAList(t *testing.T) {
	const jsonType = "application/json"
	calls := func(rows ...string) string {
		return `{"calls":[` + strings.Join(rows, ",") + `],"next_page_uri":null}`
	}
	good := row(nil)
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   int // rows, -1 for an error
	}{
		"empty list":                   {saying(200, jsonType, `{"calls":[],"next_page_uri":null}`), 0},
		"empty list without next page": {saying(200, "application/json; charset=utf-8", `{"calls":[]}`), 0},
		"one call":                     {saying(200, jsonType, calls(good)), 1},
		"number written otherwise":     {saying(200, jsonType, calls(row(map[string]any{"to": "+1 (555) 123-4567"}))), 1},
		"queued call without a time":   {saying(200, jsonType, calls(row(map[string]any{"date_created": nil, "status": "queued"}))), 1},
		"older call":                   {saying(200, jsonType, calls(row(map[string]any{"date_created": "Mon, 02 Nov 2026 09:00:00 +0000"}))), 0},

		"empty object":              {saying(200, jsonType, `{}`), -1},
		"null":                      {saying(200, jsonType, `null`), -1},
		"calls null":                {saying(200, jsonType, `{"calls":null}`), -1},
		"calls an object":           {saying(200, jsonType, `{"calls":{}}`), -1},
		"calls in another case":     {saying(200, jsonType, `{"Calls":[]}`), -1},
		"array":                     {saying(200, jsonType, `[]`), -1},
		"empty body":                {saying(200, jsonType, ``), -1},
		"maintenance message":       {saying(200, jsonType, `{"message":"down for maintenance"}`), -1},
		"maintenance page":          {saying(200, "text/html", `<html>back soon</html>`), -1},
		"list called HTML":          {saying(200, "text/html", calls()), -1},
		"list of no type":           {saying(200, "", calls()), -1},
		"truncated":                 {saying(200, jsonType, `{"calls":[`+good), -1},
		"two documents":             {saying(200, jsonType, calls()+calls()), -1},
		"other status of success":   {saying(202, jsonType, calls()), -1},
		"no content":                {saying(204, jsonType, ""), -1},
		"redirect":                  {saying(302, jsonType, calls()), -1},
		"body shorter than it says": {short, -1},

		"row null":                 {saying(200, jsonType, calls("null")), -1},
		"row a text":               {saying(200, jsonType, calls(`"`+sid1+`"`)), -1},
		"row without sid":          {saying(200, jsonType, calls(row(map[string]any{"sid": nil}))), -1},
		"row with malformed sid":   {saying(200, jsonType, calls(row(map[string]any{"sid": "CA1"}))), -1},
		"row with another id":      {saying(200, jsonType, calls(row(map[string]any{"sid": "SM00000000000000000000000000000001"}))), -1},
		"row of another account":   {saying(200, jsonType, calls(row(map[string]any{"account_sid": "AC00000000000000000000000000000002"}))), -1},
		"row without account":      {saying(200, jsonType, calls(row(map[string]any{"account_sid": nil}))), -1},
		"row to another number":    {saying(200, jsonType, calls(good, row(map[string]any{"sid": sid2, "to": "+15559999999"}))), -1},
		"old row to another":       {saying(200, jsonType, calls(row(map[string]any{"to": "+15559999999", "date_created": "Mon, 02 Nov 2020 10:00:05 +0000"}))), -1},
		"row without number":       {saying(200, jsonType, calls(row(map[string]any{"to": nil}))), -1},
		"row without status":       {saying(200, jsonType, calls(row(map[string]any{"status": nil}))), -1},
		"row with a broken time":   {saying(200, jsonType, calls(row(map[string]any{"date_created": "yesterday"}))), -1},
		"ended row without a time": {saying(200, jsonType, calls(row(map[string]any{"date_created": nil}))), -1},

		"next page on another host":  {saying(200, jsonType, `{"calls":[],"next_page_uri":"https://evil.example/2010-04-01/Accounts/`+account+`/Calls.json?Page=1"}`), -1},
		"next page of another list":  {saying(200, jsonType, `{"calls":[],"next_page_uri":"/2010-04-01/Accounts/AC2/Calls.json?Page=1"}`), -1},
		"next page that is a number": {saying(200, jsonType, `{"calls":[],"next_page_uri":7}`), -1},
		"next page that is the same": {saying(200, jsonType, `{"calls":[],"next_page_uri":"/2010-04-01/Accounts/`+account+`/Calls.json?Page=1"}`), -1},
		"pages without end":          {endless(), -1},
	} {
		t.Run(name, func(t *testing.T) {
			client, requests := standIn(t, test.answer)
			list, err := client.ListCalls(t.Context(), call.To, time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC))
			switch {
			case test.want >= 0 && (err != nil || len(list) != test.want):
				t.Errorf("%d calls, %v", len(list), err)
			case test.want < 0 && (err == nil || list != nil):
				t.Errorf("believed: %d calls", len(list))
			}
			if n := requests.Load(); n > 20 {
				t.Errorf("%d pages", n)
			}
		})
	}
}

func short(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "500")
	_, _ = io.WriteString(w, `{"calls":[]}`)
}

// endless has always one more page.
func endless() http.HandlerFunc {
	page := 0
	return func(w http.ResponseWriter, r *http.Request) {
		page++
		saying(200, "application/json", fmt.Sprintf(`{"calls":[],"next_page_uri":"%s?Page=%d"}`, r.URL.Path, page))(w, r)
	}
}

func TestOnlyAWellFormedListOfRecordingsIsAList(t *testing.T) {
	const recording = `{"sid":"RE00000000000000000000000000000001","call_sid":"` + sid1 + `","account_sid":"` + account + `","status":"completed"}`
	for body, want := range map[string]int{
		`{"recordings":[]}`:                  0,
		`{"recordings":[` + recording + `]}`: 1,
		`{}`:                                 -1,
		`null`:                               -1,
		`{"recordings":null}`:                -1,
		`{"calls":[]}`:                       -1,
		`{"recordings":[` + strings.Replace(recording, sid1, sid2, 1) + `]}`:                -1,
		`{"recordings":[` + strings.Replace(recording, `"RE0`, `"XX0`, 1) + `]}`:            -1,
		`{"recordings":[` + strings.Replace(recording, account, "AC0", 1) + `]}`:            -1,
		`{"recordings":[],"next_page_uri":"https://evil.example/Recordings.json?Page=1"}`:   -1,
		`{"recordings":[` + strings.Replace(recording, `"completed"`, `""`, 1) + `,null]}`:  -1,
		`{"recordings":[` + recording + `],"next_page_uri":"/2010-04-01/Accounts/x/Calls"}`: -1,
	} {
		client, _ := standIn(t, saying(200, "application/json", body))
		list, err := client.ListRecordings(t.Context(), sid1)
		if (err != nil) != (want < 0) || len(list) != max(want, 0) {
			t.Errorf("%s: %d recordings, %v", body, len(list), err)
		}
	}
}

func TestListThatIsLongerThanWasAskedForIsNoList(t *testing.T) {
	rows := `{"sid":"RE00000000000000000000000000000001","call_sid":"` + sid1 + `","account_sid":"` + account + `","status":"completed"},
		{"sid":"RE00000000000000000000000000000002","call_sid":null,"conference_sid":"CF00000000000000000000000000000001","account_sid":"` + account + `","status":"completed"}`
	since := time.Date(2026, 11, 28, 13, 30, 0, 500, time.FixedZone("", 3600))
	for most, want := range map[int]error{3: nil, 2: nil, 1: twilio.ErrTooMany} {
		client, _ := standIn(t, func(w http.ResponseWriter, r *http.Request) {
			if got := r.URL.Query().Get("DateCreated>"); got != "2026-11-28T12:30:00Z" || strings.Contains(r.URL.Path, "/Calls/") {
				t.Errorf("%s is asked for what is since %s", r.URL.Path, got)
			}
			saying(200, "application/json", `{"recordings":[`+rows+`]}`)(w, r)
		})
		list, err := client.ListRecordingsSince(t.Context(), since, most)
		if !errors.Is(err, want) || err == nil && len(list) != 2 {
			t.Errorf("at most %d: %d recordings, %v", most, len(list), err)
		}
	}
}

// The log says what was wrong with an answer, and quotes nothing of it.
func TestUnreadableAnswerIsNamed(t *testing.T) {
	for body, want := range map[string]string{
		`{"recordings":null}`:                     "transient: twilio: listing recordings: 200 OK: answer is not the list that was asked for",
		`{"recordings":[{"sid":"+15551234567"}]}`: "transient: twilio: listing recordings: 200 OK: answer is not the list that was asked for",
	} {
		client, _ := standIn(t, saying(200, "application/json", body))
		if _, err := client.ListRecordings(t.Context(), sid1); err == nil || err.Error() != want {
			t.Errorf("%s: %v", body, err)
		}
	}
	client, _ := standIn(t, saying(200, "text/html; x=15551234567", "<html>back soon</html>"))
	want := "transient: twilio: listing recordings: 200 OK: answer is not in Twilio's form"
	if _, err := client.ListRecordings(t.Context(), sid1); err == nil || err.Error() != want {
		t.Errorf("a page: %v", err)
	}
}

func TestOnlyTheCallThatWasAskedForIsTheAnswer(t *testing.T) {
	for body, right := range map[string]bool{
		row(nil):                          true,
		row(map[string]any{"sid": sid2}):  false,
		row(map[string]any{"sid": "CA1"}): false,
		row(map[string]any{"account_sid": "AC00000000000000000000000000000002"}): false,
		row(map[string]any{"status": nil}):                                       false,
		`{}`:                                                                     false,
		`null`:                                                                   false,
		`{"message":"down for maintenance"}`:                                     false,
	} {
		client, _ := standIn(t, saying(200, "application/json", body))
		if _, err := client.FetchCall(t.Context(), sid1); (err == nil) != right {
			t.Errorf("%s: %v", body, err)
		}
		client, _ = standIn(t, saying(200, "text/html", body))
		if _, err := client.FetchCall(t.Context(), sid1); err == nil {
			t.Errorf("HTML was believed: %s", body)
		}
		// That a call was ended is said by the call only, whatever else it says.
		client, _ = standIn(t, saying(200, "application/json", body))
		if err := client.HangUp(t.Context(), sid1); (err == nil) != strings.Contains(body, sid1) {
			t.Errorf("ended by %s: %v", body, err)
		}
	}
}

func TestOnlyAnAnswerAboutTheSameCallIsAReceipt(t *testing.T) {
	for body, right := range map[string]bool{
		row(map[string]any{"status": "queued"}):                    true,
		`{"sid":"` + sid1 + `"}`:                                   true,
		row(map[string]any{"sid": nil}):                            false,
		row(map[string]any{"sid": "CA1"}):                          false,
		row(map[string]any{"sid": "CA" + strings.Repeat("Z", 32)}): false,
		row(map[string]any{"to": "+15559999999"}):                  false,
		row(map[string]any{"account_sid": "AC2"}):                  false,
		row(nil) + "x":              false,
		`[` + row(nil) + `]`:        false,
		`{"call":` + row(nil) + `}`: false,
		row(map[string]any{"sid": sid1, "account_sid": account}): true,
	} {
		client, _ := standIn(t, saying(201, "application/json", body))
		placed, err := client.CreateCall(t.Context(), call)
		if (err == nil) != right || right && (placed.Sid != sid1 || placed.AccountSid != account || placed.SentAt.IsZero()) {
			t.Errorf("%s: %+v, %v", body, placed, err)
		}
		if err != nil && (failure(t, err).NotSent() || failure(t, err).Refusal() != twilio.NoRefusal) {
			t.Errorf("%s: taken for certain: %v", body, err)
		}
	}
	// A call that comes with a redirect may be anybody's.
	client, _ := standIn(t, saying(302, "application/json", row(nil)))
	if _, err := client.CreateCall(t.Context(), call); err == nil {
		t.Error("a redirect is a receipt")
	}
}

func TestOnlyNoContentMeansDeleted(t *testing.T) {
	for status, body := range map[int]string{200: `{"message":"down for maintenance"}`, 202: "", 302: ""} {
		client, _ := standIn(t, saying(status, "application/json", body))
		if err := client.DeleteRecording(t.Context(), "RE1"); err == nil {
			t.Errorf("%d counts as deleted", status)
		}
	}
}
