package history

import (
	"strconv"
	"time"
)

// Report is the last hour, oldest first. All its series end Until; they are as long
// as the process has lived, up to an hour.
type Report struct {
	StepSeconds float64   `json:"step_seconds"`
	Until       time.Time `json:"until"`
	Series
	TrendSeconds float64 `json:"trend_step_seconds,omitempty"`
	Routes       []Trend `json:"routes,omitempty"`
}

// Series are points, field by field.
type Series struct {
	Would        numbers `json:"would_per_second"`
	Origin       numbers `json:"origin_per_second"`
	Errors       numbers `json:"errors_per_second"`
	SavedBytes   numbers `json:"saved_bytes_per_second"`
	Subscribers  numbers `json:"subscribers"`
	StalenessP50 numbers `json:"staleness_p50_seconds"`
	StalenessP99 numbers `json:"staleness_p99_seconds"`
	DeliveryP50  numbers `json:"delivery_p50_seconds"`
	DeliveryP99  numbers `json:"delivery_p99_seconds"`
}

// Trend is a route's hour in little: a point a minute.
type Trend struct {
	Name   string  `json:"name"`
	Would  numbers `json:"would_per_second"`
	Origin numbers `json:"origin_per_second"`
	Errors numbers `json:"errors_per_second"`
}

// numbers are told with four digits: nobody sees more in a chart.
type numbers []float32

// MarshalJSON implements json.Marshaler.
func (n numbers) MarshalJSON() ([]byte, error) {
	b := []byte{'['}
	for i, x := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendFloat(b, float64(x), 'g', 4, 32)
	}
	return append(b, ']'), nil
}

// Totals is the hour of all routes together, and the trend of each, in their order.
func (h *History) Totals(routes []string) Report {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.reportLocked(&h.totals)
	r.TrendSeconds, r.Routes = trend.Seconds(), make([]Trend, 0, len(routes))
	for _, name := range routes {
		if t := h.routes[name]; t != nil {
			r.Routes = append(r.Routes, t.trend(name, h.kept()/perTrend))
		}
	}
	return r
}

// Route is the hour of one route; ok is false if there is none of that name.
func (h *History) Route(name string) (r Report, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.routes[name]
	if t == nil {
		return r, false
	}
	return h.reportLocked(&t.ring), true
}

// Last is the last point of all routes together, and of each of these; and when it
// was made.
func (h *History) Last(routes []string) (until time.Time, total Point, each []Point) {
	h.mu.Lock()
	defer h.mu.Unlock()
	each = make([]Point, len(routes))
	for i, name := range routes {
		if t := h.routes[name]; t != nil {
			each[i] = t.at(0)
		}
	}
	return h.last, h.totals.at(0), each
}

// kept is how many points there are.
func (h *History) kept() int { return min(h.steps, Points) }

func (h *History) reportLocked(of *ring) Report {
	r := Report{StepSeconds: Step.Seconds(), Until: h.last}
	for ago := h.kept() - 1; ago >= 0; ago-- {
		r.Series.add(of.at(ago))
	}
	return r
}

func (s *Series) add(p Point) {
	s.Would = append(s.Would, p.Would)
	s.Origin = append(s.Origin, p.Origin)
	s.Errors = append(s.Errors, p.Errors)
	s.SavedBytes = append(s.SavedBytes, p.SavedBytes)
	s.Subscribers = append(s.Subscribers, p.Subscribers)
	s.StalenessP50 = append(s.StalenessP50, p.StalenessP50)
	s.StalenessP99 = append(s.StalenessP99, p.StalenessP99)
	s.DeliveryP50 = append(s.DeliveryP50, p.DeliveryP50)
	s.DeliveryP99 = append(s.DeliveryP99, p.DeliveryP99)
}

// trend is the time between two points of a trend, which are perTrend points each.
const (
	trend    = time.Minute
	perTrend = int(trend / Step)
)

func (t *track) trend(name string, length int) Trend {
	told := Trend{Name: name}
	for i := length - 1; i >= 0; i-- {
		var sum Point
		for ago := i * perTrend; ago < (i+1)*perTrend; ago++ {
			sum.add(t.at(ago))
		}
		told.Would = append(told.Would, sum.Would/float32(perTrend))
		told.Origin = append(told.Origin, sum.Origin/float32(perTrend))
		told.Errors = append(told.Errors, sum.Errors/float32(perTrend))
	}
	return told
}
