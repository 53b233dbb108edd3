package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/i-agent/iagent/internal/app"
	isimulate "github.com/i-agent/iagent/internal/simulate"
	"github.com/i-agent/iagent/simulator"
)

// simulate tries an application with a Twilio that misbehaves on purpose.
type simulate struct {
	URL          string `name:"url" placeholder:"URL" help:"Where the application answers with TwiML. All URLs may end in connection overrides, such as #rc=5&rp=5xx,ct,rt."`
	StatusURL    string `name:"status-url" placeholder:"URL" help:"Takes call progress."`
	RecordingURL string `name:"recording-url" placeholder:"URL" help:"Records the whole call; takes the recording's callbacks."`
	FallbackURL  string `name:"fallback-url" placeholder:"URL" help:"Asked for TwiML when the voice URL fails."`
	Inbound      bool   `help:"People call the application, instead of the other way round."`
	SMS          bool   `name:"sms" help:"People text the application (see below)."`
	WaitForCalls bool   `help:"Place no calls: the application dials over the REST API served at --listen."`

	Account  string `env:"TWILIO_ACCOUNT_SID" placeholder:"AC…" help:"Account SID that the application knows."`
	Token    string `env:"TWILIO_AUTH_TOKEN" placeholder:"TOKEN" help:"Auth token with which the application checks signatures."`
	OldToken string `env:"TWILIO_AUTH_TOKEN_SECONDARY" placeholder:"TOKEN" help:"Its other token, to try a rotation."`
	From     string `default:"+15550000000" env:"TWILIO_PHONE_NUMBER" help:"The application's number."`

	Calls   int                `default:"1000" help:"How many calls to place or to wait for, or how many people text."`
	Rate    float64            `default:"50" help:"Calls, or conversations, that begin in a second."`
	Seed    uint64             `default:"1" help:"Decides everything that is left to chance."`
	RunName string             `name:"run" placeholder:"NAME" help:"Goes into all SIDs; a new one each time unless given."`
	Profile string             `default:"rough" help:"calm, rough or hostile."`
	Fault   map[string]float64 `placeholder:"NAME=RATE" help:"Another rate for one fault; may be given again."`
	Script  string             `placeholder:"FILE" help:"People who answer, in YAML or JSON, such as examples/people/shopkeepers.yaml."`

	Report          string        `placeholder:"FILE" help:"Write the report as JSON; - is the standard output."`
	Models          string        `default:"scripted" enum:"scripted,minimal" help:"What the language model at --listen answers: scripted notes the claims of the people's lines and judges by counting them, minimal says as little as the schema of a request allows."`
	Listen          string        `default:"127.0.0.1:0" help:"Address of the REST API, the recordings and the models."`
	Linger          time.Duration `placeholder:"DURATION" help:"With --wait-for-calls or --sms: how long to go on serving after the last call or message and the last request; 15s, with --sms 2s."`
	Keep            bool          `help:"With --wait-for-calls: go on serving after the report, until Ctrl-C: the application can still ask about its calls, and make more."`
	Within          time.Duration `default:"10m" help:"Longest time for the run."`
	Speed           float64       `default:"0" help:"How many times faster than real time calls run; 0 does not wait at all."`
	MarksDuplicates bool          `help:"The application calls every duplicate so (X-Webhook-Duplicate: true)."`
}

// Help goes below the flags of --help.
func (simulate) Help() string {
	return "Exits with 1 when the application did something that none should do, whatever Twilio does.\n\n" +
		"With --sms people text the number in --from. --url is its messaging webhook: it answers with TwiML such as " +
		"<Response><Message>…</Message></Response>, and may name status callbacks in the attribute action. Whoever gets a message " +
		"answers it with the next line of their script: first its replies, then its answers. The application may also send " +
		"messages over the REST API served at --listen.\n\n" + isimulate.FaultsHelp()
}

func (s simulate) Run(ctx context.Context) error {
	options := isimulate.Options{
		Out: os.Stdout, URL: s.URL, StatusURL: s.StatusURL, RecordingURL: s.RecordingURL, FallbackURL: s.FallbackURL,
		Inbound: s.Inbound, SMS: s.SMS, WaitForCalls: s.WaitForCalls, AccountSid: s.Account, AuthToken: s.Token, OldToken: s.OldToken,
		From: s.From, Calls: s.Calls, Rate: s.Rate, Seed: s.Seed, Run: s.RunName, Profile: s.Profile, Rates: s.Fault,
		Listen: s.Listen, Linger: s.Linger, Keep: s.Keep, Within: s.Within, Speed: s.Speed, MarksDuplicates: s.MarksDuplicates, Models: s.Models,
	}
	if s.Report == "-" {
		options.Out = os.Stderr
	}
	if f, ok := options.Out.(*os.File); ok {
		options.Terminal = term.IsTerminal(int(f.Fd()))
	}
	if s.Script != "" {
		people, err := readPeople(s.Script)
		if err != nil {
			return &app.ConfigError{Faults: []string{fmt.Sprintf("--script: %v", err)}}
		}
		options.People, options.Script = &people, s.Script
	}
	result, err := isimulate.Run(ctx, options)
	if wrong := new(isimulate.ArgumentError); errors.As(err, &wrong) {
		return &app.ConfigError{Faults: wrong.Faults}
	}
	if err != nil {
		return err
	}
	if err := writeReport(s.Report, result.WriteJSON); err != nil {
		return err
	}
	if n := len(result.Broken); n > 0 {
		return fmt.Errorf("%d rules were broken", n)
	}
	return nil
}

// newSimulator makes what plays the simulated interviews of a server.
func newSimulator(c app.SimulatorConfig) (app.Simulator, error) {
	return isimulate.Interviewer{AccountSid: c.AccountSid, AuthToken: c.AuthToken, OpenAIKey: c.OpenAIKey, Transport: c.Transport, Run: c.Run}.Simulator()
}

func readPeople(path string) (simulator.People, error) {
	file, err := os.Open(path)
	if err != nil {
		return simulator.People{}, err
	}
	defer func() { _ = file.Close() }()
	return simulator.ReadPeople(file)
}

// writeReport writes to a file, to the standard output for "-", and nowhere for "".
func writeReport(path string, write func(io.Writer) error) error {
	switch path {
	case "":
		return nil
	case "-":
		return write(os.Stdout)
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return errors.Join(write(file), file.Close())
}
