package simulate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/i-agent/iagent/internal/progress"
	"github.com/i-agent/iagent/simulator"
)

// Run plays the calls and returns the result. The error is an *ArgumentError, or says why nothing could be played
// at all; what the application did wrong is in the result. A context that ends cuts the run short, and the
// result says so.
func Run(ctx context.Context, options Options) (*Result, error) {
	options, faults, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", options.Listen)
	if err != nil {
		return nil, &ArgumentError{[]string{fmt.Sprintf("--listen: %v", err)}}
	}
	r := &run{options: options, url: "http://" + listener.Addr().String()}
	if r.sim, err = simulator.New(options.config(faults, r.url)); err != nil {
		_ = listener.Close()
		return nil, err
	}
	server := &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	defer func() {
		_ = server.Close()
		<-served
	}()
	defer func() { _ = r.sim.Close() }()
	return r.play(ctx, faults)
}

// run is the state of one run.
type run struct {
	options Options
	url     string
	sim     *simulator.Simulator
	asked   atomic.Int64 // when something last went on, in Unix nanoseconds
}

// ServeHTTP serves the simulator, and notes when the application last made a request.
func (r *run) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	defer func() { r.asked.Store(time.Now().UnixNano()) }()
	r.sim.ServeHTTP(w, request)
}

// announce says where the simulator is, and returns the bar that shows the progress.
func (r *run) announce() *progress.Bar {
	o := r.options
	fmt.Fprintf(o.Out, "Simulated Twilio at %s (REST API, recordings, models), profile %s, seed %d.\n", r.url, o.Profile, o.Seed)
	if o.WaitForCalls {
		fmt.Fprintf(o.Out, "Settings of the application, if it is i-agent: TWILIO_API_URL=%[1]s OPENAI_BASE_URL=%[1]s/v1 TWILIO_ACCOUNT_SID=%[2]s TWILIO_PHONE_NUMBER=%[3]s\n"+
			"(the models take any OPENAI_API_KEY, TRANSCRIBE_MODEL and EXTRACT_MODEL; TWILIO_AUTH_TOKEN is --token)\n", r.url, o.AccountSid, o.From)
		fmt.Fprintf(o.Out, "Waiting for %d calls: POST %s/2010-04-01/Accounts/%s/Calls.json\n", o.Calls, r.url, o.AccountSid)
	}
	return &progress.Bar{Out: o.Out, Terminal: o.Terminal, Total: o.Calls, Unit: o.unit(), Lines: 10}
}

// done is how many calls, or conversations, are over.
func (r *run) done(now simulator.Progress) int {
	if r.options.SMS {
		return now.ConversationsEnded
	}
	return now.Ended
}

// over says whether nothing more is to be expected: all is done, and the application has been quiet for a while if it is free to
// make requests of its own.
func (r *run) over(now simulator.Progress) bool {
	if r.done(now) < r.options.Calls || now.Ended < now.Calls || now.MessagesEnded < now.Messages {
		r.asked.Store(time.Now().UnixNano())
		return false
	}
	return !r.options.WaitForCalls && !r.options.SMS || time.Since(time.Unix(0, r.asked.Load())) >= r.options.Linger
}

// people are those who answer.
func (o Options) people() simulator.People {
	if o.People != nil {
		return *o.People
	}
	return simulator.MixedPeople()
}

// model answers chat requests.
func (o Options) model() func(context.Context, simulator.ChatRequest) (string, error) {
	if o.Models == modelsMinimal {
		return simulator.MinimalModel
	}
	return simulator.ScriptedModel(o.people())
}

func (o Options) config(faults simulator.Faults, url string) simulator.Config {
	return simulator.Config{
		AccountSid: o.AccountSid, AuthToken: o.AuthToken, OldToken: o.OldToken, Seed: o.Seed, Run: o.Run, Faults: faults,
		Pick: o.people().Pick(o.Seed), BaseURL: url, Speed: o.Speed, MarksDuplicates: o.MarksDuplicates, Model: o.model(),
		Messaging: simulator.Messaging{URL: o.URL, FallbackURL: o.FallbackURL},
	}
}

// play places the calls, or waits for them, until all are over.
func (r *run) play(ctx context.Context, faults simulator.Faults) (*Result, error) {
	bounded, cancel := context.WithTimeoutCause(ctx, r.options.Within, fmt.Errorf("not done within %s", r.options.Within))
	defer cancel()
	bar := r.announce()
	began := time.Now()
	placed := make(chan error, 1)
	go func() { placed <- r.place(bounded) }()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	err := errNotPlaced
	for running := true; running; {
		now := r.sim.Progress()
		bar.Show(r.done(now), fmt.Sprintf("%d requests, %.0f/s", now.Webhooks, float64(now.Webhooks)/max(time.Since(began).Seconds(), 0.1)))
		if !errors.Is(err, errNotPlaced) && (err != nil || r.over(now)) {
			break
		}
		select {
		case err = <-placed:
		case <-bounded.Done():
			running = false
		case <-ticker.C:
		}
	}
	cut := context.Cause(bounded)
	cancel() // what still runs is cut short
	if errors.Is(err, errNotPlaced) {
		err = <-placed
	}
	took := time.Since(began)
	bar.End()
	if err != nil && cut == nil {
		return nil, err
	}
	result := r.report(faults, took, cut)
	result.Print(r.options.Out)
	if r.options.Keep && cut == nil {
		result = r.keep(ctx, faults, result, began)
	} else if r.options.WaitForCalls {
		fmt.Fprintln(r.options.Out, goneNow)
	}
	return result, nil
}

const (
	goneNow = "The simulator has ended. What the application asks from now on about these calls is not answered; with --keep it is."
	kept    = "The simulator goes on: the application can ask about these calls, and make more. Ctrl-C ends it."
)

// report is the result so far. Unless the simulator is kept, it is closed: then nothing changes any more.
func (r *run) report(faults simulator.Faults, took time.Duration, cut error) *Result {
	open := r.sim.Progress()
	if !r.options.Keep || cut != nil {
		_ = r.sim.Close()
	}
	result := newResult(r.options, faults, r.sim, took)
	result.judgeEnd(r.options, open, cut)
	return result
}

// keep serves until ctx ends. When there were more calls since a result, it prints and returns another one.
func (r *run) keep(ctx context.Context, faults simulator.Faults, result *Result, began time.Time) *Result {
	fmt.Fprintln(r.options.Out, kept)
	<-ctx.Done()
	if r.sim.Progress().Calls == len(result.Report.Truths) {
		return result
	}
	result = r.report(faults, time.Since(began), context.Cause(ctx))
	result.Print(r.options.Out)
	return result
}

var errNotPlaced = errors.New("calls are still being placed")

// place starts the calls, or sends the first messages, at their rate; with WaitForCalls there is nothing to do.
func (r *run) place(ctx context.Context) error {
	if r.options.WaitForCalls {
		return nil
	}
	interval := time.Duration(float64(time.Second) / r.options.Rate)
	began := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i := range r.options.Calls {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil // the result says that they are missing
		}
		person := fmt.Sprintf("+1555%07d", 1000+i)
		var err error
		if r.options.SMS {
			_, err = r.sim.Text(ctx, simulator.TextOptions{From: person, To: r.options.From})
		} else {
			_, err = r.sim.Place(ctx, simulator.PlaceOptions{
				To: person, From: r.options.From, URL: r.options.URL, StatusURL: r.options.StatusURL,
				RecordingURL: r.options.RecordingURL, FallbackURL: r.options.FallbackURL, Inbound: r.options.Inbound,
			})
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
		timer.Reset(time.Until(began.Add(time.Duration(i+1) * interval)))
	}
	return nil
}
