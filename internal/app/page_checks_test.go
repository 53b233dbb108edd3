package app

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/i-agent/iagent/internal/doctor"
)

// A page shows what was found last, however long Twilio takes for its answer; nobody is asked while nobody reads.
func TestCountriesAreLookedAtBesideThePagesAtMostEveryTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, looked := newPageChecks(), 0
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- c.run(ctx, time.Now, func(ctx context.Context) []doctor.Finding {
				looked++
				select { // Twilio takes its time
				case <-time.After(50 * time.Second):
				case <-ctx.Done():
				}
				return []doctor.Finding{{Name: doctor.CountriesCheck}}
			})
		}()
		page := func(wantLooks, wantFound int, wantAge time.Duration) {
			t.Helper()
			begun := time.Now()
			last := c.latest(begun)
			if waited := time.Since(begun); waited != 0 {
				t.Errorf("a page waited for %s", waited)
			}
			synctest.Wait()
			if looked != wantLooks || len(last.found) != wantFound || wantFound > 0 && begun.Sub(last.at) != wantAge {
				t.Errorf("looked %d times, want %d; %d findings of %s ago, want %d of %s", looked, wantLooks, len(last.found), begun.Sub(last.at), wantFound, wantAge)
			}
		}
		page(1, 0, 0)
		page(1, 0, 0) // while the first look lasts
		<-time.After(time.Minute)
		page(1, 1, 10*time.Second)
		<-time.After(9 * time.Minute)
		page(1, 1, 9*time.Minute+10*time.Second)
		<-time.After(24 * time.Hour)
		if looked != 1 {
			t.Errorf("looked %d times though nobody read it", looked)
		}
		page(2, 1, 24*time.Hour+9*time.Minute+10*time.Second)
		<-time.After(time.Minute)
		page(2, 1, 10*time.Second)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestHealthHasTheNewestOfEachCheck(t *testing.T) {
	start := time.Date(2026, 11, 28, 5, 0, 0, 0, time.UTC)
	rotation := func(detail string) doctor.Finding { return doctor.Finding{Name: "tokens.rotation", Detail: detail} }
	atStart := checked{start, []doctor.Finding{{Name: "disk"}, rotation("prepared")}}
	both := []doctor.Finding{{Name: doctor.CountriesCheck}, rotation("over")}
	for n, c := range []struct {
		besidePages checked
		now         time.Time
		want        string
		at          time.Time
	}{
		{checked{}, start.Add(9 * time.Minute), "prepared", start},
		{checked{}, start.Add(7 * time.Hour), "Found 7 h 0 min ago, and looked at anew now, beside this page: prepared", start},
		{checked{start.Add(time.Hour), both}, start.Add(time.Hour), "over", start.Add(time.Hour)},
		{checked{start.Add(time.Hour), both}, start.Add(3 * time.Hour), "Found 2 h 0 min ago, and looked at anew now, beside this page: over", start.Add(time.Hour)},
		{checked{start.Add(time.Hour), nil}, start.Add(time.Hour), "Found 1 h 0 min ago: prepared", start}, // the look was ended
	} {
		found := 0
		for _, check := range latestChecks(c.now, atStart, c.besidePages) {
			if check.Name == "disk" && check.Detail != "" {
				t.Errorf("case %d: a check that is made once says %q", n, check.Detail)
			}
			if check.Name == "tokens.rotation" {
				if found++; check.Detail != c.want || !check.Looked.Equal(c.at) {
					t.Errorf("case %d: %+v, want %q of %s", n, check, c.want, c.at)
				}
			}
		}
		if found != 1 {
			t.Errorf("case %d: the check is there %d times", n, found)
		}
	}
}
