package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// everyPage reads a list in parts of two.
func everyPage[T any](t *testing.T, read func(Page) (List[T], error), id func(T) string) []string {
	t.Helper()
	ids := []string{}
	for page := (Page{Limit: 2}); ; {
		part, err := read(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range part.Items {
			ids = append(ids, id(item))
		}
		if page.After = part.Next; page.After == "" {
			return ids
		}
	}
}

func TestCallsAreFoundByWhatIsKnownOfThem(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		begun := clock.Now()
		var ids []string
		for range 5 {
			ids = append(ids, seed(t, s, 1)[0])
			clock.Advance(time.Minute)
		}
		change := func(id string, f func(c *interview.Call)) {
			t.Helper()
			err := s.write(t.Context(), func(tx *Tx) error {
				call, err := tx.lockCall(t.Context(), id)
				if err != nil {
					return err
				}
				f(&call)
				return tx.saveCall(t.Context(), call)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		at := clock.Now()
		change(ids[0], func(c *interview.Call) {
			c.Status, c.ErrorCode, c.CompletedAt = interview.CallFailed, 21211, &at
		})
		change(ids[1], func(c *interview.Call) {
			c.Status, c.TwilioSid, c.CompletedAt, c.ErrorMessage = interview.CallBusy, "CA1", &at, interview.SIPResponseMessage(486)
		})
		change(ids[2], func(c *interview.Call) {
			c.Status, c.Consent, c.TwilioSid = interview.CallInProgress, interview.ConsentGiven, "CA2"
		})
		change(ids[3], func(c *interview.Call) { c.Consent = interview.ConsentRefused })

		given, refused, unknown := interview.ConsentGiven, interview.ConsentRefused, interview.ConsentUnknown
		deadlines := interview.DefaultDeadlines()
		const number = "+15551234567"
		err := s.write(t.Context(), func(tx *Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE calls SET phone_number = $2 WHERE id = $1`, ids[4], number)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.write(t.Context(), func(tx *Tx) error {
			if _, err := tx.Exec(t.Context(), `UPDATE calls SET attempt = CASE WHEN id = $1 THEN 2 ELSE 3 END WHERE id IN ($1, $2)`, ids[2], ids[3]); err != nil {
				return err
			}
			_, err := tx.Exec(t.Context(), `UPDATE calls SET direction = 'inbound' WHERE id = $1`, ids[1])
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := s.write(t.Context(), func(tx *Tx) error {
			return tx.insertClaims(t.Context(), []interview.Claim{{CallID: ids[2], Rejected: "the quote was not said"}, {CallID: ids[2], Rejected: "there is no quote"},
				{CallID: ids[3]}, {CallID: ids[4], Rejected: "there is no quote"}})
		}); err != nil {
			t.Fatal(err)
		}
		for name, tc := range map[string]struct {
			by   CallFilter
			want []string
		}{
			"all":               {CallFilter{}, ids},
			"rejected claims":   {CallFilter{RejectedClaims: true}, []string{ids[2], ids[4]}},
			"rejected, FAILED":  {CallFilter{RejectedClaims: true, Statuses: []interview.CallStatus{"FAILED", "BUSY"}}, nil},
			"rejected, a yes":   {CallFilter{RejectedClaims: true, Consent: &given}, ids[2:3]},
			"came in":           {CallFilter{Direction: interview.DirectionInbound}, ids[1:2]},
			"came in, FAILED":   {CallFilter{Direction: interview.DirectionInbound, Statuses: []interview.CallStatus{"FAILED"}}, nil},
			"ours":              {CallFilter{Direction: interview.DirectionOutbound}, []string{ids[0], ids[2], ids[3], ids[4]}},
			"called again":      {CallFilter{MinAttempt: 2}, ids[2:4]},
			"third attempt":     {CallFilter{MinAttempt: 3, Statuses: []interview.CallStatus{"QUEUED"}}, ids[3:4]},
			"any attempt":       {CallFilter{MinAttempt: 1}, ids},
			"number":            {CallFilter{PhoneNumber: number}, ids[4:]},
			"another number":    {CallFilter{PhoneNumber: "+15559999999"}, nil},
			"CallSid":           {CallFilter{CallSid: "CA1"}, ids[1:2]},
			"error":             {CallFilter{ErrorCode: 21211}, ids[:1]},
			"SIP response":      {CallFilter{SIPResponse: 486}, ids[1:2]},
			"and the status":    {CallFilter{SIPResponse: 486, Statuses: []interview.CallStatus{"BUSY"}, Until: begun.Add(time.Hour)}, ids[1:2]},
			"not that status":   {CallFilter{SIPResponse: 486, Statuses: []interview.CallStatus{"FAILED"}}, nil},
			"another response":  {CallFilter{SIPResponse: 480}, nil},
			"another error":     {CallFilter{ErrorCode: 21212}, nil},
			"statuses":          {CallFilter{Statuses: []interview.CallStatus{"FAILED", "BUSY", "FAILED"}}, ids[:2]},
			"statuses and time": {CallFilter{Statuses: []interview.CallStatus{"FAILED", "BUSY", "QUEUED"}, Since: begun.Add(time.Minute)}, []string{ids[1], ids[3], ids[4]}},
			"yes":               {CallFilter{Consent: &given}, ids[2:3]},
			"no":                {CallFilter{Consent: &refused}, ids[3:4]},
			"no answer":         {CallFilter{Consent: &unknown}, []string{ids[0], ids[1], ids[4]}},
			"since":             {CallFilter{Since: begun.Add(2 * time.Minute)}, ids[2:]},
			"since just after":  {CallFilter{Since: begun.Add(2*time.Minute + time.Microsecond)}, ids[3:]},
			"until":             {CallFilter{Until: begun.Add(2 * time.Minute)}, ids[:2]},
			"until just after":  {CallFilter{Until: begun.Add(2*time.Minute + time.Microsecond)}, ids[:3]},
			"a time":            {CallFilter{Since: begun.Add(time.Minute), Until: begun.Add(3 * time.Minute)}, ids[1:3]},
		} {
			t.Run(name, func(t *testing.T) {
				got := everyPage(t, func(p Page) (List[interview.Call], error) { return s.Calls(t.Context(), tc.by, p) },
					func(c interview.Call) string { return c.ID })
				want := slices.Sorted(slices.Values(tc.want))
				slices.Reverse(want)
				if !slices.Equal(got, want) {
					t.Errorf("%v, want %v", got, want)
				}
			})
		}

		err = s.write(t.Context(), func(tx *Tx) error {
			if _, err := tx.Exec(t.Context(), `UPDATE function_runs SET state = 'done'`); err != nil {
				return err
			}
			for _, id := range []string{ids[2], ids[1]} {
				if err := tx.beginOverdueChecks(t.Context(), id, tx.Now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		clock.Advance(24 * time.Hour)
		overdue := CallFilter{Overdue: &deadlines, Statuses: []interview.CallStatus{interview.CallInProgress, interview.CallBusy}}
		got := everyPage(t, func(p Page) (List[interview.Call], error) { return s.Calls(t.Context(), overdue, p) },
			func(c interview.Call) string { return c.ID })
		if !slices.Equal(got, ids[2:3]) {
			t.Errorf("overdue calls: %v", got)
		}
	})
}

// "Which calls still lack a recording?": those of which it is overdue, and those of which it is not yet.
func TestCallsAreFoundByWhatComesNextOfThem(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		deadlines := interview.DefaultDeadlines()
		var late, fresh, live, ended string
		call := func(agreed bool, change func(c *interview.Call)) string {
			id := seed(t, s, 1)[0]
			err := s.write(t.Context(), func(tx *Tx) error {
				c, err := tx.lockCall(t.Context(), id)
				if err != nil {
					return err
				}
				at := clock.Now()
				c.TwilioSid, c.DialedAt, c.StartedAt, c.AnsweredBy = "CA"+id, &at, &at, "human"
				if agreed {
					c.Consent, c.ConsentAt = interview.ConsentGiven, &at
				}
				change(&c)
				if err := tx.saveCall(t.Context(), c); err != nil {
					return err
				}
				return tx.beginOverdueChecks(t.Context(), id, at)
			})
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		over := func(c *interview.Call) {
			at := clock.Now()
			c.Status, c.CompletedAt = interview.CallCompleted, &at
		}
		late = call(true, over)
		clock.Advance(deadlines.Recording + time.Minute)
		fresh = call(true, over)
		live = call(true, func(c *interview.Call) { c.Status = interview.CallInProgress })
		ended = call(true, over)
		if err := s.EndOverdueChecks(t.Context(), ended); err != nil { // all that was to come has come
			t.Fatal(err)
		}
		recording := Awaiting{What: interview.OverdueRecording, Deadlines: deadlines}
		inTime := recording
		inTime.InTime = true
		end := recording
		end.What = interview.OverdueEnd
		for name, tc := range map[string]struct {
			by   CallFilter
			want []string
		}{
			"a recording":               {CallFilter{Awaiting: &recording}, []string{fresh, late}},
			"a recording, not late":     {CallFilter{Awaiting: &inTime}, []string{fresh}},
			"a recording that is late":  {CallFilter{Awaiting: &recording, Overdue: &deadlines}, []string{late}},
			"a recording, of no status": {CallFilter{Awaiting: &recording, Statuses: []interview.CallStatus{interview.CallBusy}}, nil},
			"its end":                   {CallFilter{Awaiting: &end}, []string{live}},
		} {
			got := everyPage(t, func(p Page) (List[interview.Call], error) { return s.Calls(t.Context(), tc.by, p) }, func(c interview.Call) string { return c.ID })
			if !slices.Equal(got, tc.want) {
				t.Errorf("%s: %v, want %v", name, got, tc.want)
			}
		}
		if n, err := s.CallNeighbours(t.Context(), CallFilter{Awaiting: &recording}, late); err != nil || n != (CallNeighbours{Newer: fresh}) {
			t.Errorf("beside it: %v, %v", n, err)
		}
	})
}

func TestEventsAreFoundByWhatIsKnownOfThem(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		ids := append(seed(t, s, 1), seed(t, s, 1)...)
		broken := true
		p := NewProcessor(s, func(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
			if broken && event.Kind == "broken" {
				return interview.Change{}, inbox.Reply{}, fmt.Errorf("Upstream_TIMEOUT of %s", event.ID)
			}
			call.TwilioSid = event.CallSid
			return interview.Change{Call: call}, inbox.Reply{Status: 200, ContentType: "application/json", Body: []byte(`{}`)}, nil
		})
		send := func(kind inbox.Kind, sid, callID string) {
			clock.Advance(time.Minute)
			_, _ = p.Process(t.Context(), event(kind, sid, callID, "x=1", clock.Now()))
		}
		send("broken", "CA1", ids[0]) // fails
		firstFailure := clock.Now()
		send("voice", "CA1", ids[0])
		send("voice", "CA2", ids[1])
		send("status", "CA2", ids[0])    // refused: not its call
		send("status", "CA3", "unknown") // refused: no call
		beforeSecond := clock.Now()
		send("broken", "CA1", ids[0]) // fails again, and keeps its place

		campaign := s.mustCall(t, ids[0]).CampaignID
		for name, tc := range map[string]struct {
			by   WebhookFilter
			want []string
		}{
			"all":              {WebhookFilter{}, []string{"CA3:status", "CA2:status", "CA2:voice", "CA1:voice", "CA1:broken"}},
			"CallSid":          {WebhookFilter{CallSid: "CA2"}, []string{"CA2:status", "CA2:voice"}},
			"unknown call":     {WebhookFilter{CallSid: "CA3"}, []string{"CA3:status"}},
			"another CallSid":  {WebhookFilter{CallSid: "CA4"}, nil},
			"campaign":         {WebhookFilter{CampaignID: campaign}, []string{"CA2:status", "CA1:voice", "CA1:broken"}},
			"error":            {WebhookFilter{Error: "upstream_timeout"}, []string{"CA1:broken"}},
			"wildcards":        {WebhookFilter{Error: "%timeout"}, nil},
			"a refusal":        {WebhookFilter{Error: "not found"}, []string{"CA3:status"}},
			"failed since":     {WebhookFilter{Outcome: inbox.Failed, Since: beforeSecond.Add(time.Second)}, []string{"CA1:broken"}},
			"since":            {WebhookFilter{Since: beforeSecond}, []string{"CA3:status", "CA1:broken"}},
			"until":            {WebhookFilter{Until: beforeSecond}, []string{"CA2:status", "CA2:voice", "CA1:voice"}},
			"first failure":    {WebhookFilter{Outcome: inbox.Failed, Until: firstFailure.Add(time.Second)}, nil},
			"CallSid since":    {WebhookFilter{CallSid: "CA1", Since: beforeSecond}, []string{"CA1:broken"}},
			"kind of campaign": {WebhookFilter{CampaignID: campaign, Kind: "voice"}, []string{"CA1:voice"}},
		} {
			t.Run(name, func(t *testing.T) {
				got := everyPage(t, func(p Page) (List[Webhook], error) { return s.Webhooks(t.Context(), tc.by, p) },
					func(w Webhook) string { return w.ID })
				for i, id := range got {
					w, err := s.Webhook(t.Context(), id)
					if err != nil {
						t.Fatal(err)
					}
					got[i] = w.EventID
				}
				if !slices.Equal(got, append([]string{}, tc.want...)) {
					t.Errorf("%v, want %v", got, tc.want)
				}
			})
		}
	})
}

func TestRunsAndCampaignsAreFoundByWhatIsKnownOfThem(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		first := seed(t, s, 2)
		clock.Advance(time.Hour)
		second := seed(t, s, 1)
		err := s.write(t.Context(), func(tx *Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE function_runs SET last_error = 'transient: model: 503 Service Unavailable' WHERE subject = $1`, first[1])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for name, tc := range map[string]struct {
			by   RunFilter
			want []string
		}{
			"call":        {RunFilter{CallID: first[0]}, first[:1]},
			"error":       {RunFilter{Error: "MODEL: 503"}, first[1:]},
			"no error":    {RunFilter{Error: "model: 504"}, nil},
			"since":       {RunFilter{Since: clock.Now()}, second},
			"until":       {RunFilter{Until: clock.Now()}, []string{first[1], first[0]}},
			"of the call": {RunFilter{CallID: first[1], Error: "model", Function: interview.OrchestrateCall}, first[1:]},
		} {
			t.Run(name, func(t *testing.T) {
				got := everyPage(t, func(p Page) (List[LedgerRun], error) { return s.Runs(t.Context(), tc.by, p) },
					func(l LedgerRun) string { return l.Key })
				if !slices.Equal(got, append([]string{}, tc.want...)) {
					t.Errorf("%v, want %v", got, tc.want)
				}
			})
		}
		for by, want := range map[CampaignFilter]int{
			{Name: "SHELV"}: 2, {Name: "none"}: 0, {Status: interview.CampaignActive, Name: "shelves"}: 2, {Status: interview.CampaignPaused}: 0,
		} {
			part, err := s.Campaigns(t.Context(), by, Page{Limit: 10})
			if err != nil || len(part.Items) != want {
				t.Errorf("%+v: %d campaigns, %v", by, len(part.Items), err)
			}
		}
	})
}
