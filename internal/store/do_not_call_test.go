package store

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// twoProcesses runs a test with two stores on one database, as two processes have.
func twoProcesses(t *testing.T, test func(t *testing.T, one, two *Store)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, url string) {
		test(t, open(t, url, Options{DialsPerMinute: 1000}), open(t, url, Options{DialsPerMinute: 1000}))
	})
}

// queued makes calls of a campaign to numbers that end in 4 digits from first on, and returns their ids and numbers.
func queued(t *testing.T, s *Store, campaign string, first, n int) (ids, numbers []string) {
	t.Helper()
	for i := range n {
		numbers = append(numbers, fmt.Sprintf("+1555002%04d", first+i))
	}
	answer, err := s.CreateCalls(t.Context(), newCalls(campaign, "", numbers...))
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range decodeCalls(t, answer) {
		ids = append(ids, call.ID)
	}
	return ids, numbers
}

func (s *Store) mustList(t *testing.T, number, scope string) interview.DoNotCall {
	t.Helper()
	entry, _, err := s.AddDoNotCall(t.Context(), NewDoNotCall{PhoneNumber: number, Scope: scope, Source: "test", RequestedBy: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	return entry
}

// dials takes calls up to the intent to dial, where the gate lets it.
func dials(t *testing.T, s *Store, ids []string) {
	for _, id := range ids {
		var runID string
		err := s.read().QueryRow(t.Context(), `SELECT id FROM function_runs WHERE key = $1`, id).Scan(&runID)
		if err != nil {
			t.Error(err)
			return
		}
		// Whether there is something to do, and whether it is allowed, is what the test looks at.
		if run, started, err := s.StartRun(t.Context(), runID); err == nil && started == jobs.RunStarted {
			_, _ = s.BeginDial(t.Context(), run, id)
		}
	}
}

// One process dials a list of people while the other puts them on the list: who was not dialled when the listing returned never is.
func TestNobodyIsDialledOnceTheirNumberIsListed(t *testing.T) {
	twoProcesses(t, func(t *testing.T, one, two *Store) {
		ids, numbers := queued(t, one, activeCampaign(t, one), 0, 12)
		var dialling sync.WaitGroup
		dialling.Go(func() { dials(t, one, ids) })
		dialled := map[string]bool{}
		for i := len(ids) - 1; i >= 0; i-- { // they meet in the middle
			two.mustList(t, numbers[i], interview.ScopeAll)
			dialled[ids[i]] = two.mustCall(t, ids[i]).DialedAt != nil
		}
		dialling.Wait()
		for i, id := range ids {
			call := one.mustCall(t, id)
			if call.DialedAt != nil != dialled[id] {
				t.Errorf("call %d was dialled after its number was listed", i)
			}
			if contact := one.contactOf(t, id); !dialled[id] && (call.Status != interview.CallCanceled || call.CancelReason != interview.CancelListed ||
				contact.State != interview.ContactRefused || contact.Reason != interview.RefusalDoNotCall) {
				t.Errorf("call %d is %s for %q, its contact %s for %q", i, call.Status, call.CancelReason, contact.State, contact.Reason)
			}
		}
	})
}

func TestListingANumberCancelsItsQueuedCallsInItsScopeAlone(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		ids, numbers := queued(t, s, activeCampaign(t, s), 0, 4)
		live := intent(t, s, ids[0])
		if err := s.DialAccepted(t.Context(), live, ids[0], interview.PlacedCall{Sid: "CA1", AccountSid: "AC1"}); err != nil {
			t.Fatal(err)
		}
		other := activeCampaign(t, s)
		s.mustList(t, numbers[0], interview.ScopeAll)
		s.mustList(t, numbers[1], other)
		s.mustList(t, numbers[2], s.mustCall(t, ids[2]).CampaignID)
		for i, want := range []interview.CallStatus{interview.CallDialing, interview.CallQueued, interview.CallCanceled, interview.CallQueued} {
			if call := s.mustCall(t, ids[i]); call.Status != want || call.CancelRequestedAt != nil {
				t.Errorf("call %d is %s, want %s", i, call.Status, want)
			}
		}
		if n := s.count(t, `SELECT COUNT(*) FROM function_runs WHERE state = 'waiting' AND function = 'orchestrate-call'`); n != 2 {
			t.Errorf("%d calls wait for their turn, want 2", n)
		}
		_, _, err := s.AddDoNotCall(t.Context(), NewDoNotCall{PhoneNumber: numbers[3], Scope: "nobody", Source: "test"})
		if !errors.Is(err, ErrNoCampaign) {
			t.Errorf("scope of no campaign: %v", err)
		}
	})
}

func TestEntryOfTheListIsMadeOnceAndNamesNobody(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		const number = "+15550001111"
		first := s.mustList(t, number, interview.ScopeAll)
		if first.Masked != "+1******1111" || first.Source != "test" || len(first.Hash) != 32 {
			t.Errorf("%+v", first)
		}
		again, added, err := s.AddDoNotCall(t.Context(), NewDoNotCall{PhoneNumber: number, Scope: interview.ScopeAll, Source: "again"})
		if err != nil || added || again.ID != first.ID || again.Source != "test" {
			t.Errorf("again: %+v, %t, %v", again, added, err)
		}
		found, err := s.DoNotCallList(t.Context(), DoNotCallFilter{PhoneNumber: number}, Page{Limit: 10})
		if err != nil || len(found.Items) != 1 || found.Items[0].ID != first.ID {
			t.Errorf("%+v, %v", found, err)
		}
		if found, err := s.DoNotCallList(t.Context(), DoNotCallFilter{PhoneNumber: "+15550001112"}, Page{Limit: 10}); err != nil || len(found.Items) != 0 {
			t.Errorf("another number: %+v, %v", found, err)
		}
		for _, table := range []string{"do_not_call", "audit_log"} {
			column := map[string]string{"do_not_call": "masked || reason", "audit_log": "detail"}[table]
			if n := s.count(t, `SELECT COUNT(*) FROM `+table+` WHERE `+column+` LIKE '%5550001111%'`); n != 0 {
				t.Errorf("%s has the number", table)
			}
		}
		// Who is erased stays on the list.
		if _, err := s.EraseNumber(t.Context(), NumberErasureRequest{PhoneNumber: number, RequestedBy: "ann"}); err != nil {
			t.Fatal(err)
		}
		found, err = s.DoNotCallList(t.Context(), DoNotCallFilter{PhoneNumber: number}, Page{Limit: 10})
		if err != nil || len(found.Items) != 1 || found.Items[0].Masked != "" {
			t.Errorf("after the erasure: %+v, %v", found, err)
		}
		ids, _ := queued(t, s, activeCampaign(t, s), 0, 1)
		if err := s.RemoveDoNotCall(t.Context(), first.ID, "ann", "asked by letter"); err != nil {
			t.Fatal(err)
		}
		if err := s.RemoveDoNotCall(t.Context(), first.ID, "ann", ""); !errors.Is(err, ErrNotFound) {
			t.Errorf("removed twice: %v", err)
		}
		intent(t, s, ids[0])
	})
}

func TestImportTakesWhatItCanAndNamesTheRest(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		campaign := activeCampaign(t, s)
		ids, numbers := queued(t, s, campaign, 0, 2)
		file := "\ufeffphoneNumber,scope,reason\n" + numbers[0] + ",,asked by letter\n+1 (555) 002-0001," + campaign + ",\n" +
			"12345,,\n+15550020002,nobody,\n+1******0002,,\n" + numbers[0] + ",,\n\"+1555,,\n"
		result, err := s.ImportDoNotCall(t.Context(), ReadDoNotCallCSV(strings.NewReader(file)), NewDoNotCall{Scope: interview.ScopeAll, Source: "import"})
		if err != nil || result.Added != 2 || result.Already != 1 || result.RefusedRows != 4 || result.Rows != 7 {
			t.Errorf("%+v, %v", result, err)
		}
		var lines []int
		for _, row := range result.Refused {
			lines = append(lines, row.Line)
		}
		if !slices.Equal(lines, []int{4, 5, 6, 8}) {
			t.Errorf("refused lines %v: %+v", lines, result.Refused)
		}
		for _, id := range ids {
			if call := s.mustCall(t, id); call.Status != interview.CallCanceled {
				t.Errorf("%s is %s", id, call.Status)
			}
		}
		for name, bad := range map[string]string{"empty": "", "another file": "name,age\nAnn,3\n", "no number": "scope\nall\n", "twice": "hash,hash\n"} {
			var file *FileError
			if _, err := s.ImportDoNotCall(t.Context(), ReadDoNotCallCSV(strings.NewReader(bad)), NewDoNotCall{}); !errors.As(err, &file) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestExportIsReadBackByTheDatabaseWithItsKeyAlone(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		entry := s.mustList(t, "+15550001111", interview.ScopeAll)
		s.mustList(t, "+15550001112", activeCampaign(t, s))
		var file bytes.Buffer
		if err := s.ExportDoNotCall(t.Context(), DoNotCallFilter{}, &file, nil); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(file.String(), "5550001111") || strings.Count(file.String(), "\n") != 3 {
			t.Errorf("%s", &file)
		}
		if err := s.RemoveDoNotCall(t.Context(), entry.ID, "ann", ""); err != nil {
			t.Fatal(err)
		}
		read := func(s *Store) DoNotCallImport {
			t.Helper()
			result, err := s.ImportDoNotCall(t.Context(), ReadDoNotCallCSV(bytes.NewReader(file.Bytes())), NewDoNotCall{Scope: interview.ScopeAll, Source: "import"})
			if err != nil {
				t.Fatal(err)
			}
			return result
		}
		if r := read(s); r.Added != 1 || r.Already != 1 {
			t.Errorf("%+v", r)
		}
		found, err := s.DoNotCallList(t.Context(), DoNotCallFilter{PhoneNumber: "+15550001111"}, Page{Limit: 1})
		if err != nil || len(found.Items) != 1 || found.Items[0].Masked != entry.Masked || found.Items[0].Source != "test" ||
			!found.Items[0].CreatedAt.Equal(entry.CreatedAt) {
			t.Errorf("%+v, %v; it was %+v", found, err, entry)
		}
		if r := read(open(t, storetest.SQLite(t), Options{})); r.Added != 0 || r.RefusedRows != 2 {
			t.Errorf("with another key: %+v", r)
		}
	})
}
