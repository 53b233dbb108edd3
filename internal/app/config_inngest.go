package app

import (
	"encoding/hex"
	"net"
	"regexp"
	"strconv"
	"strings"

	"github.com/i-agent/iagent/internal/jobs"
)

// inngestDevServer is where Inngest's development server listens. Inngest: Local development.
const inngestDevServer = "http://127.0.0.1:8288"

// signingKeyPrefix names the environment in a signing key, as in signkey-prod-0a1b…; what follows is hexadecimal.
var signingKeyPrefix = regexp.MustCompile(`^signkey-\w+-`)

func (s *settings) checkEngine(fault func(variable, cure string)) {
	switch s.JobsEngine {
	case "river":
		return
	case "inngest":
	default:
		fault("JOBS_ENGINE", "must be river or inngest")
		return
	}
	c := jobs.InngestConfig{EventKey: s.InngestEventKey, SigningKey: s.InngestSigningKey, SigningKeyFallback: s.InngestFallbackKey, BaseURL: strings.TrimRight(s.InngestBaseURL, "/")}
	if s.InngestBaseURL != "" && !httpURL(s.InngestBaseURL) {
		fault("INNGEST_BASE_URL", "must be an http or https URL")
	}
	if s.InngestServeHost != "" && (!httpURL(s.InngestServeHost) || strings.ContainsAny(s.InngestServeHost, "?#")) {
		fault("INNGEST_SERVE_HOST", "must be an http or https URL without query or fragment")
	}
	on, err := strconv.ParseBool(s.InngestDev)
	switch {
	case s.InngestDev == "":
	case err == nil:
		c.Dev = on
	case httpURL(s.InngestDev):
		c.Dev = true
		if c.BaseURL == "" {
			c.BaseURL = strings.TrimRight(s.InngestDev, "/")
		}
	default:
		fault("INNGEST_DEV", "must be 1, 0 or the URL of the development server")
	}
	c.ServeURL = s.inngestServeURL(c.Dev)
	s.inngest = &c
	if !c.Dev {
		s.checkInngestKeys(fault)
		return
	}
	if c.BaseURL == "" {
		c.BaseURL = inngestDevServer
	}
	if c.EventKey == "" {
		// The development server takes any.
		c.EventKey = "dev"
	}
}

// inngestServeURL is where Inngest is told to call. A development server is answered at the address of this machine only.
func (s *settings) inngestServeURL(dev bool) string {
	base := strings.TrimRight(s.InngestServeHost, "/")
	switch {
	case base != "":
	case dev && s.Port != "0":
		base = "http://" + net.JoinHostPort("127.0.0.1", s.Port)
	default:
		base = s.baseURL
	}
	return base + inngestPath
}

func (s *settings) checkInngestKeys(fault func(variable, cure string)) {
	switch {
	case s.InngestEventKey == "":
		fault("INNGEST_EVENT_KEY", "is missing; set it to an event key from the Inngest dashboard, or INNGEST_DEV=1 for a development server")
	case strings.ContainsAny(s.InngestEventKey, " \t\r\n/?#%"):
		fault("INNGEST_EVENT_KEY", "contains a character that no event key has; copy the key again")
	}
	switch {
	case s.InngestSigningKey == "":
		fault("INNGEST_SIGNING_KEY", "is missing; set it to the signing key from the Inngest dashboard, or INNGEST_DEV=1 for a development server")
	case !isSigningKey(s.InngestSigningKey):
		fault("INNGEST_SIGNING_KEY", noSigningKey)
	}
	if s.InngestFallbackKey != "" && !isSigningKey(s.InngestFallbackKey) {
		fault("INNGEST_SIGNING_KEY_FALLBACK", noSigningKey)
	}
}

const noSigningKey = "must be hexadecimal, with or without a prefix such as signkey-prod-; copy the key again"

func isSigningKey(text string) bool {
	key := signingKeyPrefix.ReplaceAllString(text, "")
	_, err := hex.DecodeString(key)
	return err == nil && len(key) >= 16
}
