package accesslog

import (
	"math"
	"math/bits"
	"slices"
)

// sketch counts different hashes: exactly up to a few, and then within some percent
// (HyperLogLog).
type sketch struct {
	few       []uint64
	registers []uint8
}

const (
	exactly       = 48
	sketchBits    = 11 // 2.3 %
	sketchBuckets = 1 << sketchBits
)

func (s *sketch) add(hash uint64) {
	if s.registers != nil {
		s.register(hash)
		return
	}
	if slices.Contains(s.few, hash) {
		return
	}
	if len(s.few) < exactly {
		s.few = append(s.few, hash)
		return
	}
	s.registers = make([]uint8, sketchBuckets)
	for _, h := range s.few {
		s.register(h)
	}
	s.few = nil
	s.register(hash)
}

func (s *sketch) register(hash uint64) {
	hash = mix(hash, 1)
	i := hash >> (64 - sketchBits)
	rank := uint8(bits.LeadingZeros64(hash<<sketchBits|1)) + 1
	if rank > s.registers[i] {
		s.registers[i] = rank
	}
}

func (s *sketch) merge(o *sketch) {
	for _, h := range o.few {
		s.add(h)
	}
	if o.registers == nil {
		return
	}
	if s.registers == nil {
		few := s.few
		*s = sketch{registers: make([]uint8, sketchBuckets)}
		for _, h := range few {
			s.register(h)
		}
	}
	for i, rank := range o.registers {
		s.registers[i] = max(s.registers[i], rank)
	}
}

func (s *sketch) count() int64 {
	if s.registers == nil {
		return int64(len(s.few))
	}
	sum, empty := 0.0, 0.0
	for _, rank := range s.registers {
		sum += math.Exp2(-float64(rank))
		if rank == 0 {
			empty++
		}
	}
	const m = sketchBuckets
	estimate := 0.7213 / (1 + 1.079/m) * m * m / sum
	if estimate <= 2.5*m && empty > 0 {
		estimate = m * math.Log(m/empty)
	}
	return int64(estimate + 0.5)
}
