package coding

import "hash/crc32"

// A CRC-32 is the remainder of a polynomial whose coefficients are the bits, the
// highest first, in bit 0 of the first byte. Bytes that follow move those before
// them up: crc(a+b) = crc(a)·x^(8·len(b)) + crc(b), modulo the polynomial. That
// x^n is worked out once for each fragment; what is left is one product.

// one is the polynomial 1.
const one = 1 << 31

// shiftOf returns x^(8n), by squaring.
func shiftOf(n int) uint32 {
	shift, power := uint32(one), uint32(one>>8) // x^8
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			shift = product(shift, power)
		}
		power = product(power, power)
	}
	return shift
}

// product multiplies two polynomials, modulo that of CRC-32.
func product(a, b uint32) (p uint32) {
	for ; a != 0; a <<= 1 {
		p ^= b & -(a >> 31)
		b = b>>1 ^ crc32.IEEE&-(b&1)
	}
	return p
}
