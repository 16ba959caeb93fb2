package history

// Point is what a route did for one Step: rates per second, subscribers at its end,
// and quantiles, in seconds, of the minute or two before that. A quantile of
// nothing is 0.
type Point struct {
	Would        float32 `json:"would_per_second"`
	Origin       float32 `json:"origin_per_second"`
	Errors       float32 `json:"errors_per_second"`
	SavedBytes   float32 `json:"saved_bytes_per_second"`
	Subscribers  float32 `json:"subscribers"`
	StalenessP50 float32 `json:"staleness_p50_seconds"`
	StalenessP99 float32 `json:"staleness_p99_seconds"`
	DeliveryP50  float32 `json:"delivery_p50_seconds"`
	DeliveryP99  float32 `json:"delivery_p99_seconds"`
}

// add adds what can be added: not the quantiles.
func (p *Point) add(o Point) {
	p.Would += o.Would
	p.Origin += o.Origin
	p.Errors += o.Errors
	p.SavedBytes += o.SavedBytes
	p.Subscribers += o.Subscribers
}

// ring are the last Points points; fewer, at first.
type ring struct {
	points []Point // nil until one was not zero
	next   int     // where the next one goes
}

// push adds a point, of which there are times as many.
func (r *ring) push(p Point, times int) {
	if r.points == nil {
		if p == (Point{}) {
			return
		}
		r.points = make([]Point, Points)
	}
	for range min(times, Points) {
		r.points[r.next] = p
		r.next = (r.next + 1) % Points
	}
}

// at is the point so many steps ago; 0 is the last.
func (r *ring) at(ago int) Point {
	if r.points == nil {
		return Point{}
	}
	return r.points[(r.next-1-ago+2*Points)%Points]
}
