package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/i-agent/iagent/internal/app"
	iexplain "github.com/i-agent/iagent/internal/explain"
)

// explain tells why a request was not verified.
type explain struct {
	File string `arg:"" optional:"" placeholder:"FILE" help:"A raw HTTP request or a curl command line; - or nothing is the standard input."`

	Curl        string   `placeholder:"COMMAND" help:"A curl command line as one argument."`
	URL         string   `name:"url" placeholder:"URL" help:"With --signature the whole URL that was called; otherwise another URL that Twilio may have been given."`
	Signature   string   `placeholder:"TEXT" help:"The header X-Twilio-Signature: the request is then given by --url, --param and --body."`
	Param       []string `sep:"none" placeholder:"NAME=VALUE" help:"A parameter of the form, decoded; may be given again."`
	Body        string   `placeholder:"TEXT|@FILE" help:"The raw body instead."`
	Method      string   `help:"Its method; POST where there is a body."`
	ContentType string   `placeholder:"TYPE" help:"Its Content-Type; that of a form unless given."`
	Token       []string `sep:"none" placeholder:"TOKEN" help:"Another token to try, such as an older one; may be given again. Without TWILIO_AUTH_TOKEN the first is taken for it."`
	JSON        bool     `name:"json" help:"Print the explanation as JSON."`

	AuthToken          string `name:"twilio-auth-token" env:"TWILIO_AUTH_TOKEN" help:"As for serve."`
	AuthTokenSecondary string `name:"twilio-auth-token-secondary" env:"TWILIO_AUTH_TOKEN_SECONDARY" help:"As for serve."`
	AccountTokens      string `name:"twilio-account-tokens" env:"TWILIO_ACCOUNT_TOKENS" placeholder:"AC…=TOKEN,…" help:"As for serve."`
	AccountSid         string `name:"twilio-account-sid" env:"TWILIO_ACCOUNT_SID" help:"As for serve."`
	AppURL             string `name:"app-url" env:"APP_URL,NEXT_PUBLIC_APP_URL" help:"As for serve. Without it that of --url or of the curl command."`
	FallbackURL        string `name:"fallback-app-url" env:"FALLBACK_APP_URL" placeholder:"URL" help:"As for serve."`
	Host               string `name:"host" env:"HOST" default:"127.0.0.1" hidden:""`
	Port               string `name:"port" env:"PORT" default:"3000" hidden:""`
}

var errNotVerified = errors.New("the request is not verified")

// Help goes below the flags of --help.
func (explain) Help() string {
	return "Exits with 0 when the request is verified, with 1 when it is not, explained or not, and with 2 when it cannot be read or a setting is wrong. " +
		"No token is printed, and no value of a parameter unless the signature is proven to be of a known token. " +
		"In a raw request the target must be as your server got it; a curl command has the URL that was called."
}

func (e explain) Run() error {
	input, err := e.input()
	if err != nil {
		return &app.ConfigError{Faults: []string{"iagent: " + err.Error()}}
	}
	explainer, err := e.config(input).Explainer()
	if err != nil {
		return asConfigError(err)
	}
	suspects := input.Suspects()
	suspects.Tokens = e.Token
	if e.URL != "" {
		suspects.URLs = append(suspects.URLs, e.URL)
	}
	report := explainer.Explain(input.Request, suspects)
	if e.JSON {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		err = encoder.Encode(report)
	} else {
		err = report.Write(os.Stdout)
	}
	if err == nil && !report.Verified {
		return errNotVerified
	}
	return err
}

// asConfigError: whatever is wrong with a setting ends with exit code 2.
func asConfigError(err error) error {
	if config := new(app.ConfigError); errors.As(err, &config) {
		return err
	}
	return &app.ConfigError{Faults: []string{"iagent: " + err.Error()}}
}

func (e explain) input() (iexplain.Input, error) {
	byParts := e.Signature != "" || len(e.Param) > 0 || e.Body != ""
	given := 0
	for _, is := range []bool{byParts, e.Curl != "", e.File != ""} {
		if is {
			given++
		}
	}
	switch {
	case given > 1:
		return iexplain.Input{}, errors.New("give the request once: as FILE, as --curl, or as --url with --signature, --param and --body")
	case e.Curl != "":
		return iexplain.ReadCurl(e.Curl, os.ReadFile)
	case byParts:
		body := []byte(e.Body)
		if name, ok := strings.CutPrefix(e.Body, "@"); ok {
			var err error
			if body, err = os.ReadFile(name); err != nil {
				return iexplain.Input{}, fmt.Errorf("--body: %w", err)
			}
		}
		return iexplain.Fields{Method: e.Method, URL: e.URL, Signature: e.Signature, ContentType: e.ContentType, Params: e.Param, Body: body}.Input()
	}
	text, err := readInput(e.File)
	if err != nil {
		return iexplain.Input{}, err
	}
	return iexplain.Read(text, os.ReadFile)
}

// readInput bounds what is read: a request of Twilio's is at most 64 KiB.
func readInput(name string) ([]byte, error) {
	const most = 1 << 20
	file := os.Stdin
	if name != "" && name != "-" {
		opened, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = opened.Close() }()
		file = opened
	} else if term.IsTerminal(int(file.Fd())) {
		fmt.Fprintln(os.Stderr, "iagent: paste the request, or a curl command, and end it with Ctrl-D")
	}
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && len(text) > most {
		err = errors.New("the request is larger than 1 MiB")
	}
	if err != nil {
		return nil, fmt.Errorf("reading the request: %w", err)
	}
	return text, nil
}

// config is the configuration of serve; where it says nothing, the request's own URL and the first --token stand for it.
func (e explain) config(input iexplain.Input) app.Config {
	c := app.Config{AuthToken: e.AuthToken, AuthTokenSecondary: e.AuthTokenSecondary, AccountTokens: e.AccountTokens, AccountSid: e.AccountSid,
		URL: e.AppURL, FallbackURL: e.FallbackURL, Host: e.Host, Port: e.Port}
	if c.AuthToken == "" && len(e.Token) > 0 {
		c.AuthToken = e.Token[0]
	}
	if c.URL == "" {
		c.URL, _, _ = strings.Cut(input.URL, "#")
	}
	if c.URL == "" {
		c.URL = e.URL
	}
	return c
}
