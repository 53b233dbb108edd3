package main

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/i-agent/iagent/test/seed"
)

const (
	// listLimit and callLimit are how long the pages may take at the 95th percentile.
	listLimit, callLimit = 200 * time.Millisecond, 150 * time.Millisecond
	// viewersShare is which part of the rate of webhooks open pages may cost.
	viewersShare = 0.05
)

// consolePage is a page that is measured.
type consolePage struct {
	name, path string
	limit      time.Duration
}

// consolePages are the pages of the console over the calls that were made.
func consolePages(made seed.Made) []consolePage {
	middle, campaign := made.Call, made.Campaigns[7]
	return []consolePage{
		{"calls", "/console/calls", listLimit},
		{"calls, half way down", "/console/calls?cursor=" + middle, listLimit},
		{"calls that failed", "/console/calls?status=FAILED", listLimit},
		{"calls that live", "/console/calls?status=RINGING", listLimit},
		{"calls of a campaign", "/console/calls?campaignId=" + campaign, listLimit},
		{"calls to a number", "/console/calls?phoneNumber=%2B15550000042", listLimit},
		{"calls with an error", "/console/calls?errorCode=21211", listLimit},
		{"calls with a SIP response", "/console/calls?sipResponse=486", listLimit},
		{"calls with a disposition", "/console/calls?disposition=1.1&campaignId=" + campaign, listLimit},
		{"calls with a rejected claim", "/console/calls?claims=rejected", listLimit},
		{"calls, overdue", "/console/calls?overdue=true", listLimit},
		{"webhooks", "/console/webhooks", listLimit},
		{"webhooks that failed", "/console/webhooks?outcome=failed", listLimit},
		{"webhooks of a kind", "/console/webhooks?kind=voice", listLimit},
		{"webhooks of a call", "/console/webhooks?callId=" + middle, listLimit},
		{"rejections", "/console/rejections", listLimit},
		{"runs", "/console/runs", listLimit},
		{"runs that died", "/console/runs?state=failed", listLimit},
		{"campaigns", "/console/campaigns", listLimit},
		{"campaigns, by reached", "/console/campaigns?sort=reached", listLimit},
		{"a campaign", "/console/campaigns/" + campaign, listLimit},
		{"its hypothesis", "/console/hypotheses/" + made.Hypotheses[7], listLimit},
		{"audit log", "/console/audit", listLimit},
		{"health", "/console/health", listLimit},
		{"a call", "/console/calls/" + middle, callLimit},
	}
}

// consoleRun measures the pages of the console over o.console calls and their webhooks, and then what o.viewers open live
// lists cost the webhooks.
func consoleRun(ctx context.Context, o options, binary string, db database) (err error) {
	loads := make([]*traffic, 2*o.rounds)
	var calls []*call
	for i := range loads {
		// Pages are told once a second what is new, so a round takes some seconds.
		loads[i] = newTraffic(o.seed+uint64(i), 4*o.requests/len(loads), o.duplicates)
		calls = append(calls, loads[i].calls...)
	}
	fmt.Printf("making %d calls; %s\n", o.console, db.describe(ctx))
	made, err := seed.Seed{Calls: o.console, Days: seedDays, Live: max(1, o.console/5000), Now: time.Now()}.Make(ctx, db.url())
	if err != nil {
		return err
	}
	fmt.Printf("%d webhooks of %d calls\n\n", made.Events, made.Calls)
	// The payloads are as old as the calls: what is measured is not how the server, at its start, prunes those of two weeks.
	server, err := serve(ctx, binary, db.url(), fmt.Sprintf("RETENTION=%dh", 24*(seedDays+1)))
	if err != nil {
		return err
	}
	defer server.Kill()
	slow, err := measurePages(ctx, server.URL(), consolePages(made))
	if err != nil {
		return err
	}
	// Not before: they are 16,000 calls that live, of one campaign, as no installation has them.
	if err := seedCalls(ctx, db, calls); err != nil {
		return err
	}
	return errors.Join(slow, measureViewers(ctx, server, db, o, loads, made.Campaigns[7]))
}

// pageRepeats is how often each page is asked for, in turn with the others.
const pageRepeats = 60

// measurePages asks for each page again and again. slow says which of them take too long.
func measurePages(ctx context.Context, base string, pages []consolePage) (slow, err error) {
	took := make([][]time.Duration, len(pages))
	sizes := make([]int, len(pages))
	for repeat := range pageRepeats {
		for i, p := range pages {
			begun := time.Now()
			n, err := readPage(ctx, base+p.path)
			if err != nil {
				return nil, err
			}
			if sizes[i] = n; repeat > 0 { // the first one fills caches
				took[i] = append(took[i], time.Since(begun))
			}
		}
	}
	fmt.Println("page                        median      p95      max     KiB")
	for i, p := range pages {
		slices.Sort(took[i])
		fmt.Printf("%-24s %9s %8s %8s %7d\n", p.name, quantile(took[i], .5), quantile(took[i], .95), quantile(took[i], 1), sizes[i]>>10)
		if took[i][len(took[i])*95/100] > p.limit {
			slow = errors.Join(slow, fmt.Errorf("%s: more than %s at the 95th percentile", p.name, p.limit))
		}
	}
	return slow, nil
}

// adminToken is that of environment.
const adminToken = "bench-admin-token"

func openPage(ctx context.Context, url, accept string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+adminToken)
	r.Header.Set("Accept", accept)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, fmt.Errorf("asking for a page: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, fmt.Errorf("%s: %s", url, response.Status)
	}
	return response, nil
}

func readPage(ctx context.Context, url string) (int, error) {
	response, err := openPage(ctx, url, "text/html")
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	n, err := io.Copy(io.Discard, response.Body)
	return int(n), err
}

// liveAddress is where a list says that its news come from.
var liveAddress = regexp.MustCompile(`<meta name="live" content="([^"]+)"`)

// viewing is how webhooks fare while lists are open, or none.
type viewing struct {
	rates []float64 // webhooks a second, by round
	sent  int
	// program and database are the processor time of the program and, where it is a process, the database.
	program, database time.Duration
}

// each is the processor time for a webhook, of both together.
func (v *viewing) each() time.Duration {
	return (v.program + v.database) / time.Duration(max(v.sent, 1))
}

func (v *viewing) String() string {
	sent := time.Duration(max(v.sent, 1))
	return fmt.Sprintf("%v (program %v, database %v)", v.each().Round(time.Microsecond), (v.program / sent).Round(time.Microsecond), (v.database / sent).Round(time.Microsecond))
}

// measureViewers compares webhooks with and without open live lists, in turn: their rate, and the processor time for each, which differs
// less from round to round. Every other pair of rounds has the lists first, so that what grows meanwhile counts for both alike.
func measureViewers(ctx context.Context, server *server, db database, o options, loads []*traffic, campaign string) error {
	conns, err := dialAll(ctx, server.Address, o.connections)
	if err != nil {
		return err
	}
	defer conns.close()
	var answers answers
	var with, without viewing
	for i, load := range loads {
		round, close := &without, func() {}
		if i%4 == 1 || i%4 == 2 {
			round = &with
			if close, err = openViewers(ctx, server.URL(), o.viewers, campaign); err != nil {
				return err
			}
		}
		before := times(server, db)
		_, elapsed, err := conns.send(ctx, load.requests, &answers)
		after := times(server, db)
		close()
		if err != nil {
			return err
		}
		round.rates = append(round.rates, float64(len(load.requests))/elapsed.Seconds())
		round.sent += len(load.requests)
		round.program += after["program"] - before["program"]
		round.database += after["database"] - before["database"]
	}
	fmt.Printf("\nwebhooks/s, by round      %s without viewers\n                          %s with %d live lists\n", rates(without.rates), rates(with.rates), o.viewers)
	fmt.Printf("processor per webhook     %v without, %v with\n", &without, &with)
	rate := 1 - median(with.rates)/median(without.rates)
	fmt.Printf("the viewers cost %.1f %% of the rate (median of %d rounds each)", 100*rate, o.rounds)
	share := rate
	if without.program > 0 { // known, and differs less
		share = float64(with.each()-without.each()) / float64(with.each())
		fmt.Printf(", %.1f %% of the processor time", 100*share)
	}
	fmt.Println()
	if n := answers.other.Load(); n > 0 {
		return fmt.Errorf("%d webhooks were not answered as they should", n)
	}
	if share > viewersShare {
		return fmt.Errorf("that is more than %.0f %%", 100*viewersShare)
	}
	return nil
}

func rates(list []float64) (text string) {
	for _, r := range list {
		text += fmt.Sprintf("%7.0f", r)
	}
	return text
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// openViewers opens live lists, of one kind or another, and reads them until they are closed.
func openViewers(ctx context.Context, base string, n int, campaign string) (func(), error) {
	ctx, cancel := context.WithCancel(ctx)
	var readers sync.WaitGroup
	done := func() {
		cancel()
		readers.Wait()
	}
	lists := []string{"/console/calls", "/console/calls?campaignId=" + campaign, "/console/webhooks"}
	for range n {
		live, err := liveOf(ctx, base, lists[rand.IntN(len(lists))])
		if err == nil {
			var stream *http.Response
			if stream, err = openPage(ctx, base+live, "text/event-stream"); err == nil {
				readers.Go(func() {
					defer stream.Body.Close()
					_, _ = io.Copy(io.Discard, stream.Body) // until it is closed
				})
			}
		}
		if err != nil {
			done()
			return nil, err
		}
	}
	return done, nil
}

// liveOf is the address of the news of a list.
func liveOf(ctx context.Context, base, list string) (string, error) {
	page, err := openPage(ctx, base+list, "text/html")
	if err != nil {
		return "", err
	}
	defer page.Body.Close()
	body, err := io.ReadAll(page.Body)
	if err != nil {
		return "", err
	}
	found := liveAddress.FindSubmatch(body)
	if found == nil {
		return "", fmt.Errorf("%s says nothing of news", list)
	}
	return html.UnescapeString(string(found[1])), nil
}
