package app

import (
	"fmt"
	"strings"

	"github.com/i-agent/iagent/internal/explain"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/signature"
)

// Explainer explains why requests are not verified, under this configuration. Of it only the tokens and the public URL have
// to be there; a fault of those is a [*ConfigError].
func (c Config) Explainer() (*explain.Explainer, error) {
	s, err := c.checked((*settings).checkTokens, (*settings).checkTwilio)
	if err != nil {
		return nil, err
	}
	s.checkServer(func(string, string) {}) // a wrong address is one suspicion less
	return s.explainer()
}

// explainer has what the configuration tells of other URLs that Twilio may have been given.
func (s *settings) explainer() (*explain.Explainer, error) {
	_, overrides, _ := strings.Cut(interview.CallbackURLs{Base: s.baseURL}.Voice(""), "#")
	suspects := signature.Suspects{Accounts: s.accounts, QueryNames: []string{"callId"}, URLs: []string{"#" + overrides}}
	for _, path := range webhookPaths(currentVersions(interview.CallbackURLs{Base: s.baseURL})) {
		suspects.URLs = append(suspects.URLs, strings.TrimSuffix(path, "/"))
	}
	if s.fallbackURL != "" {
		suspects.URLs = append(suspects.URLs, s.fallbackURL)
	}
	if s.Port != "" {
		suspects.URLs = append(suspects.URLs, "http://"+s.address)
	}
	prefix := publicPath(s.baseURL)
	e, err := explain.New(explain.Config{
		Signature: signature.Config{URL: s.baseURL, Tokens: s.tokens, AccountTokens: s.accountTokens},
		Suspects:  suspects,
		Cut: func(target string) string {
			if cut, ok := cutPath(target, prefix); ok {
				return cut
			}
			return target
		},
	})
	if err != nil {
		return nil, fmt.Errorf("reading the signature settings: %w", err)
	}
	return e, nil
}
