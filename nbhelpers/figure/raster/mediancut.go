package raster

import (
	"image"
	"image/color"
	"slices"

	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
)

// A bucket is the colors of an image that agree in the five highest bits of each channel.
type bucket struct {
	sum   [3]int64 // of the channels, over the pixels
	count int64
}

func (b bucket) mean(channel int) float64 { return float64(b.sum[channel]) / float64(b.count) }

// photoPalette is 256 colors that stand for all those of an image: the fixed ones, then the means of the boxes that
// median cut finds (Heckbert, "Color image quantization for frame buffer display", 1982), splitting where the squared
// error is largest.
func photoPalette(img *image.RGBA, fixed ...color.NRGBA) color.Palette {
	var all [1 << 15]bucket
	for i := 0; i < len(img.Pix); i += 4 {
		r, g, b := img.Pix[i], img.Pix[i+1], img.Pix[i+2]
		at := &all[int(r>>3)<<10|int(g>>3)<<5|int(b>>3)]
		at.sum[0], at.sum[1], at.sum[2], at.count = at.sum[0]+int64(r), at.sum[1]+int64(g), at.sum[2]+int64(b), at.count+1
	}
	used := slices.DeleteFunc(all[:], func(b bucket) bool { return b.count == 0 })
	colors := make(color.Palette, 0, 256)
	for _, c := range fixed {
		colors = append(colors, c)
	}
	boxes := []box{newBox(used)}
	for len(boxes)+len(colors) < cap(colors) {
		worst := 0
		for i := range boxes {
			if boxes[i].loss > boxes[worst].loss {
				worst = i
			}
		}
		if boxes[worst].loss == 0 {
			break
		}
		low, high := boxes[worst].split()
		boxes[worst] = low
		boxes = append(boxes, high)
	}
	for _, b := range boxes {
		colors = append(colors, b.color())
	}
	return colors
}

// box is a part of the color space, by the buckets in it.
type box struct {
	buckets []bucket
	widest  int     // the channel in which the buckets differ most
	loss    float64 // squared error in that channel when one color stands for all; 0 for a single bucket
}

func newBox(buckets []bucket) box {
	b := box{buckets: buckets}
	if len(buckets) < 2 {
		return b
	}
	for channel := range 3 {
		sum, squares, count := 0.0, 0.0, 0.0
		for _, k := range buckets {
			n := float64(k.count)
			sum, squares, count = sum+k.mean(channel)*n, squares+k.mean(channel)*k.mean(channel)*n, count+n
		}
		if loss := squares - sum*sum/count; loss > b.loss {
			b.widest, b.loss = channel, loss
		}
	}
	return b
}

// split cuts the box in two at the mean of its widest channel.
func (b box) split() (low, high box) {
	slices.SortStableFunc(b.buckets, func(x, y bucket) int {
		if x.mean(b.widest) < y.mean(b.widest) {
			return -1
		}
		return 1
	})
	sum, count := 0.0, 0.0
	for _, k := range b.buckets {
		sum, count = sum+float64(k.sum[b.widest]), count+float64(k.count)
	}
	at := 1
	for at < len(b.buckets)-1 && b.buckets[at].mean(b.widest) < sum/count {
		at++
	}
	return newBox(b.buckets[:at:at]), newBox(b.buckets[at:])
}

func (b box) color() color.Color {
	var sum [3]int64
	var count int64
	for _, k := range b.buckets {
		for channel := range 3 {
			sum[channel] += k.sum[channel]
		}
		count += k.count
	}
	if count == 0 {
		return palette.Paper
	}
	at := func(channel int) uint8 { return uint8((sum[channel] + count/2) / count) }
	return color.NRGBA{R: at(0), G: at(1), B: at(2), A: 255}
}
