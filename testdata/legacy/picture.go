package legacy

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
)

// Measures of a frame, in pixels.
const (
	frameWidth  = 320
	frameHeight = 240
	horizon     = 150
	ballRadius  = 24
	ballStep    = 16 // from one frame to the next
)

// picture draws a frame: sky, field, a ball rolling from left to right, and
// what tells a person that it is live.
func picture(f Frame) image.Image {
	canvas := image.NewRGBA(image.Rect(0, 0, frameWidth, frameHeight))
	fill(canvas, canvas.Bounds(), color.RGBA{120, 170, 220, 255})
	fill(canvas, image.Rect(0, horizon, frameWidth, frameHeight), color.RGBA{60, 120, 60, 255})
	ball(canvas, f.Number*ballStep%(frameWidth+2*ballRadius)-ballRadius, horizon)

	ink := color.RGBA{20, 20, 30, 255}
	write(canvas, image.Pt(12, 12), 8, ink, fmt.Sprintf("#%06d", f.Number))
	write(canvas, image.Pt(12, frameHeight-42), 6, color.White, f.At.UTC().Format("15:04:05.000"))
	return canvas
}

func fill(canvas draw.Image, area image.Rectangle, c color.Color) {
	draw.Draw(canvas, area, image.NewUniform(c), image.Point{}, draw.Src)
}

func ball(canvas draw.Image, x, y int) {
	for dy := -ballRadius; dy <= ballRadius; dy++ {
		for dx := -ballRadius; dx <= ballRadius; dx++ {
			if dx*dx+dy*dy <= ballRadius*ballRadius {
				canvas.Set(x+dx, y+dy, color.RGBA{230, 90, 40, 255})
			}
		}
	}
}

// write draws the text with dots of so many pixels; a character is three dots
// wide and five high.
func write(canvas draw.Image, at image.Point, dot int, c color.Color, text string) {
	for _, char := range text {
		for i := range 15 {
			if glyph(char)>>(14-i)&1 == 1 {
				corner := at.Add(image.Pt(i%3*dot, i/3*dot))
				fill(canvas, image.Rectangle{corner, corner.Add(image.Pt(dot, dot))}, c)
			}
		}
		at.X += 4 * dot
	}
}

// glyph is a character as five rows of three dots, from the top left.
func glyph(char rune) uint16 {
	digits := [...]uint16{
		0b111_101_101_101_111, 0b010_110_010_010_111, 0b111_001_111_100_111, 0b111_001_111_001_111,
		0b101_101_111_001_001, 0b111_100_111_001_111, 0b111_100_111_101_111, 0b111_001_001_001_001,
		0b111_101_111_101_111, 0b111_101_111_001_111,
	}
	switch {
	case '0' <= char && char <= '9':
		return digits[char-'0']
	case char == ':':
		return 0b000_010_000_010_000
	case char == '.':
		return 0b000_000_000_000_010
	case char == '#':
		return 0b101_111_101_111_101
	}
	return 0
}
