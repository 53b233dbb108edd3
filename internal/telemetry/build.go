package telemetry

import (
	"context"
	"runtime"
	"runtime/debug"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// registerBuild makes iagent_build_info, which is always 1 and says with its labels which program this is.
func registerBuild(meter metric.Meter, version string) error {
	build := metric.WithAttributes(attribute.String("version", version), attribute.String("commit", commit()), attribute.String("go", runtime.Version()))
	_, err := meter.Int64ObservableGauge("iagent.build.info", metric.WithDescription("The program that runs: its version, commit and Go version. Always 1."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(1, build)
			return nil
		}))
	return err
}

// commit is the commit that the program was built from, "" where the build does not say it.
func commit() string {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return ""
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value
		}
	}
	return ""
}
