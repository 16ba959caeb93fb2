package ledger

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// samples are all metrics as "name{label=value,…}", histograms by their count
// and sum.
func samples(t *testing.T, l *Ledger) map[string]float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(l)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if problems, err := promlint.NewWithMetricFamilies(families).Lint(); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
	all := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			var labels []string
			for _, pair := range metric.GetLabel() {
				labels = append(labels, pair.GetName()+"="+pair.GetValue())
			}
			key := "{" + strings.Join(labels, ",") + "}"
			if h := metric.GetHistogram(); h != nil {
				all[family.GetName()+"_count"+key], all[family.GetName()+"_sum"+key] = float64(h.GetSampleCount()), h.GetSampleSum()
				continue
			}
			all[family.GetName()+key] = metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
		}
	}
	return all
}

func TestPrometheusIsToldTheSameStory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New()
		l.LimitHit("feeds")
		story(l.Route("scores", time.Second))
		got := samples(t, l)
		want := map[string]float64{
			`pollmux_client_requests_total{route=scores,transport=pass}`:      1,
			`pollmux_client_requests_total{route=scores,transport=poll}`:      2,
			`pollmux_client_requests_total{route=scores,transport=longpoll}`:  3,
			`pollmux_client_requests_total{route=scores,transport=sse}`:       4,
			`pollmux_client_requests_total{route=scores,transport=ndjson}`:    5,
			`pollmux_client_requests_total{route=scores,transport=multipart}`: 6,
			`pollmux_client_requests_total{route=scores,transport=websocket}`: 7,
			`pollmux_upstream_requests_total{kind=poll,route=scores}`:         3,
			`pollmux_upstream_requests_total{kind=authorize,route=scores}`:    0,
			`pollmux_upstream_requests_total{kind=pass,route=scores}`:         2,
			`pollmux_upstream_not_modified_total{route=scores}`:               1,
			`pollmux_upstream_errors_total{route=scores}`:                     2,
			`pollmux_saved_requests_measured_total{route=scores}`:             2,
			`pollmux_saved_requests_estimated_total{route=scores}`:            10,
			`pollmux_saved_bytes_total{route=scores}`:                         1000,
			`pollmux_saved_origin_seconds_total{route=scores}`:                2,
			`pollmux_feeds{route=scores}`:                                     1,
			`pollmux_subscribers{route=scores,transport=longpoll}`:            0,
			`pollmux_subscribers{route=scores,transport=sse}`:                 2,
			`pollmux_subscribers{route=scores,transport=ndjson}`:              0,
			`pollmux_subscribers{route=scores,transport=multipart}`:           0,
			`pollmux_subscribers{route=scores,transport=websocket}`:           0,
			`pollmux_updates_total{route=scores}`:                             1,
			`pollmux_deliveries_total{route=scores}`:                          1,
			`pollmux_unshared_total{reason=set-cookie,route=scores}`:          2,
			`pollmux_unshared_total{reason=range,route=scores}`:               1,
			`pollmux_limit_hits_total{limit=feeds}`:                           1,
			`pollmux_staleness_seconds_count{route=scores}`:                   2,
			`pollmux_staleness_seconds_sum{route=scores}`:                     4,
			`pollmux_delivery_seconds_count{route=scores}`:                    1,
			`pollmux_delivery_seconds_sum{route=scores}`:                      2,
			`pollmux_config_last_reload_successful{}`:                         1,
			`pollmux_config_last_reload_success_timestamp_seconds{}`:          946684800,
			`pollmux_config_reloads_total{result=applied}`:                    0,
			`pollmux_config_reloads_total{result=refused}`:                    0,
			`pollmux_config_reloads_total{result=unchanged}`:                  0,
		}
		for sample, value := range want {
			if v, ok := got[sample]; !ok || v != value {
				t.Errorf("%s is %v, want %v", sample, v, value)
			}
			delete(got, sample)
		}
		if len(got) > 0 {
			t.Errorf("more: %v", got)
		}
	})
}

func TestPrometheusBucketsAreCumulative(t *testing.T) {
	l := New()
	r := l.Route("scores", time.Second)
	for i := range 100 {
		r.Served(time.Duration(i) * 37 * time.Millisecond)
		r.Served(time.Duration(i) * time.Second)
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(l)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	seen := false
	for _, family := range families {
		if family.GetName() != "pollmux_staleness_seconds" {
			continue
		}
		seen = true
		h := family.GetMetric()[0].GetHistogram()
		var last uint64
		var at []float64
		for _, b := range h.GetBucket() {
			want := uint64(0)
			for i := range 100 {
				for _, d := range []float64{float64(i) * 0.037, float64(i)} {
					if d <= b.GetUpperBound()+1e-12 {
						want++
					}
				}
			}
			if got := b.GetCumulativeCount(); got != want || got < last {
				t.Errorf("%d up to %v, want %d", got, b.GetUpperBound(), want)
			}
			last = b.GetCumulativeCount()
			at = append(at, b.GetUpperBound())
		}
		if !slices.IsSorted(at) || len(at) != len(bounds) || h.GetSampleCount() != 200 || math.Abs(h.GetSampleSum()-(4950*1.037)) > 1e-6 {
			t.Errorf("%v: %d, %v", at, h.GetSampleCount(), h.GetSampleSum())
		}
	}
	if !seen {
		t.Error("there is no such histogram")
	}
}

func TestALedgerCanBeRegisteredBeforeAnythingHappens(t *testing.T) {
	l := New()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(l)
	l.LimitHit("feeds")
	l.Route("scores", time.Second).Unshared("range")
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprint(families); !strings.Contains(text, "pollmux_limit_hits_total") || !strings.Contains(text, "pollmux_unshared_total") {
		t.Error("what happened later is not told")
	}
}
