package coding

// Combined is the checksum of two pieces, of which the second has so many bytes.
func Combined(a, b uint32, bytes int) uint32 { return product(a, shiftOf(bytes)) ^ b }
