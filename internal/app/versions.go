package app

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/webhook"
)

// Versions makes the versions of the webhooks that a program serves, each for the calls that were dialled with it. The URLs are
// those that Twilio is given. docs/versions.md says how one is added.
type Versions func(urls interview.CallbackURLs) []webhook.Version

// currentVersions are the versions of this program.
func currentVersions(urls interview.CallbackURLs) []webhook.Version {
	return []webhook.Version{webhook.V1(urls)}
}

// versions are those of this installation.
func (a *App) versions() []webhook.Version {
	if a.options.Versions != nil {
		return a.options.Versions(a.callbackURLs())
	}
	return currentVersions(a.callbackURLs())
}

var versionName = regexp.MustCompile(`^v[1-9][0-9]*$`)

func (s *settings) checkVersions(fault func(variable, cure string)) {
	if !versionName.MatchString(s.dialVersion()) {
		fault("WEBHOOK_VERSION", "must be a version such as v1")
	}
	if s.ShadowVersion != "" && !versionName.MatchString(s.ShadowVersion) {
		fault("SHADOW_VERSION", "must be a version such as v2, or empty")
	}
}

// dialVersion is the version with which new calls are dialled.
func (s *settings) dialVersion() string {
	if s.WebhookVersion == "" {
		return string(interview.V1)
	}
	return s.WebhookVersion
}

// requireVersions reports versions in the configuration that this program does not have.
func (a *App) requireVersions() error {
	names := versionNames(a.versions())
	var faults []string
	for variable, name := range map[string]string{"WEBHOOK_VERSION": a.settings.dialVersion(), "SHADOW_VERSION": a.settings.ShadowVersion} {
		if name != "" && !slices.Contains(names, name) {
			faults = append(faults, fmt.Sprintf("%s: this program does not have %s; set it to one of: %s", variable, name, strings.Join(names, ", ")))
		}
	}
	if len(faults) > 0 {
		slices.Sort(faults)
		return &ConfigError{Faults: faults}
	}
	return nil
}

func versionNames(versions []webhook.Version) []string {
	names := make([]string, len(versions))
	for i, v := range versions {
		names[i] = string(v.Name)
	}
	return names
}

// warnVersions names the calls in progress whose webhooks this program would answer 500: they were dialled with a version that it
// does not have.
func (a *App) warnVersions(ctx context.Context) error {
	live, err := a.store.LiveVersions(ctx)
	if err != nil {
		return err
	}
	names := versionNames(a.versions())
	for _, version := range slices.Sorted(maps.Keys(live)) {
		if !slices.Contains(names, string(version.Decides())) {
			a.log.Error("calls in progress were dialled with a version of the webhooks that this program does not have: "+
				"start one that has it until they are over", slog.String("version", string(version)), slog.Int("calls", live[version]))
		}
	}
	return nil
}

var otherVersion = regexp.MustCompile(`^/api/webhooks/v[0-9]+/twilio/`)

// webhookPaths are where the versions are served. The path without a version is that of calls which were dialled before there
// were any.
func webhookPaths(versions []webhook.Version) []string {
	paths := []string{interview.WebhookPath(interview.Unversioned)}
	for _, v := range versions {
		paths = append(paths, interview.WebhookPath(v.Name))
	}
	return paths
}
