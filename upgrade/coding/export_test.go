package coding

// Combined is the checksum of two pieces, of which the second has so many bytes.
func Combined(a, b uint32, bytes int) uint32 { return product(a, shiftOf(bytes)) ^ b }

// Occupy takes all places for bodies that are not quick, until it is undone.
func (p *Press) Occupy() (undo func()) {
	for range cap(p.slow) {
		p.slow <- struct{}{}
	}
	return func() {
		for range cap(p.slow) {
			<-p.slow
		}
	}
}

// Quick is how large a body may be that does not wait for larger ones.
const Quick = quick
