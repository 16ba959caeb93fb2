package coding

// Offer is what the versions of a source may be compressed in, best first. Nil
// offers nothing.
type Offer struct {
	Press   *Press
	Codings []Coding
}

// Accepts is what of it a client takes, by its Accept-Encoding, all lines joined.
func (o *Offer) Accepts(field []byte) Accepted {
	if o == nil {
		return Accepted{}
	}
	return Negotiate(field, o.Codings)
}
