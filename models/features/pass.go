package features

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features/cache"
	"github.com/headstart-nb/headstart/models/resnet"
)

// A Pass is a backbone's frozen pass with its cache: the same image goes through it once. Where the cut has several stages, one
// pass gives the features of all of them, and each stage's are kept under the key that they have for a backbone cut there: a
// stage that is in the cache is not computed again. It is not safe for concurrent use.
type Pass struct {
	backbone  *Backbone
	device    *accel.Device
	parts     []part   // of a row: one for each stage of the cut, in order
	few, many compiled // for a few images and for many; empty until images have to be computed
	forMany   bool     // few is not used
	cacheErr  error    // the first failure to keep features, a full disk say: the work goes on without
	sharedErr error    // why the shared cache is not used; nil where there is none
}

// part is where one stage's features are in a row, and where they are kept.
type part struct {
	stage      resnet.Stage
	at, length int
	space      *cache.Space         // nil: nothing is kept
	others     []*cache.SharedSpace // that are read beside it
}

// of cuts the part out of a row.
func (p part) of(row []float32) []float32 { return row[p.at : p.at+p.length] }

// compiled is an extractor with the stages that it computes.
type compiled struct {
	extractor Extractor
	cut       resnet.Cut
}

// singly is up to how many images go through one at a time: a batch would mostly compute padding.
const singly = 4

// get fills the part of a row from one's own cache or from another.
func (p part) get(key cache.Key, row []float32) bool {
	into := p.of(row)
	return p.space != nil && p.space.Get(key, into) && notFinite(into) < 0 ||
		slices.ContainsFunc(p.others, func(s *cache.SharedSpace) bool { return s.Get(key, into) && notFinite(into) < 0 })
}

// Open opens a pass with its cache below home, and with the shared cache that the environment names. An empty home keeps nothing and
// uses none; a limit of 0 bytes means cache.DefaultLimit.
func Open(backbone *Backbone, device *accel.Device, home string, limit int64) (*Pass, error) {
	p := &Pass{backbone: backbone, device: device, parts: partsOf(backbone)}
	if home == "" {
		return p, nil
	}
	kept, err := cache.Open(filepath.Join(home, "cache", "features"), limit)
	if err != nil {
		return nil, err
	}
	identities, err := backbone.identities(device.Name())
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	for i, part := range p.parts {
		if p.parts[i].space, err = kept.Space(identities[i].content, part.length); err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	if dir := paths.SharedFeatures(); dir != "" {
		var shared *cache.Shared
		if shared, p.sharedErr = cache.OpenShared(dir); p.sharedErr == nil {
			p.alsoRead(shared, identities, true)
		}
	}
	if own, err := filepath.Abs(filepath.Join(home, "cache", "features")); err == nil {
		if own, err := cache.OpenShared(own); err == nil {
			p.alsoRead(own, identities, false)
		}
	}
	return p, nil
}

// alsoRead adds a cache that is only read: with content the rows under today's keys, and those that an earlier version has kept.
func (p *Pass) alsoRead(from *cache.Shared, identities []cacheNames, content bool) {
	for i, part := range p.parts {
		if content {
			p.parts[i].others = append(p.parts[i].others, from.Space(identities[i].content, part.length))
		}
		if identities[i].file != identities[i].content {
			p.parts[i].others = append(p.parts[i].others, from.Space(identities[i].file, part.length))
		}
	}
}

// cacheNames name what the features of one stage depend on beside the image.
type cacheNames struct {
	content string // with the weights by their numbers
	file    string // with the weights by their file, as earlier versions did
}

// identities are those of each stage of the cut.
func (b *Backbone) identities(device string) ([]cacheNames, error) {
	var list []cacheNames
	stages := b.Cut()
	for _, stage := range stages {
		alone := b
		if len(stages) > 1 {
			var err error
			if alone, err = b.At(stage); err != nil {
				return nil, err
			}
		}
		// The device decides the last bits.
		names := cacheNames{content: alone.contentFingerprint() + "|" + device, file: alone.Identity().Fingerprint + "|" + device}
		if alone.file != nil { // whose weights always were named by their file: another name stands for other features
			names.file = names.content
		}
		list = append(list, names)
	}
	return list, nil
}

// A Kept is where the cache has one stage of a row: under the identity, as so many numbers.
type Kept struct {
	Identity string `json:"identity"`
	Length   int    `json:"length"`
}

// Kept lists the stages of a row in their order.
func (b *Backbone) Kept(device *accel.Device) ([]Kept, error) {
	identities, err := b.identities(device.Name())
	if err != nil {
		return nil, err
	}
	var list []Kept
	for i, part := range partsOf(b) {
		list = append(list, Kept{identities[i].content, part.length})
	}
	return list, nil
}

// ForMany makes the pass compute every image by the graph for many: the bits of its features then do not depend on how many are
// computed with it. Nothing is taken from other caches, of which this is not known.
func (p *Pass) ForMany() error {
	p.forMany = true
	return p.closeOthers()
}

func (p *Pass) closeOthers() error {
	var err error
	for i, part := range p.parts {
		for _, other := range part.others {
			err = errors.Join(err, other.Close())
		}
		p.parts[i].others = nil
	}
	return err
}

// partsOf lays out a row.
func partsOf(backbone *Backbone) []part {
	stages := backbone.Cut()
	if len(stages) == 1 { // feature maps, or logits of a top
		length := 1
		for _, d := range backbone.FeatureShape() {
			length *= d
		}
		return []part{{stage: stages[0], length: length}}
	}
	var parts []part
	at := 0
	for i, length := range backbone.StageDims() {
		parts = append(parts, part{stage: stages[i], at: at, length: length})
		at += length
	}
	return parts
}

// Backbone is what the images go through.
func (p *Pass) Backbone() *Backbone { return p.backbone }

// Length is how many numbers an image's features are.
func (p *Pass) Length() int {
	last := p.parts[len(p.parts)-1]
	return last.at + last.length
}

// CacheError is the first failure to keep features, a full disk for example; the work goes on without. It is nil where there was none.
func (p *Pass) CacheError() error { return p.cacheErr }

// SharedError is why the shared cache that the environment names cannot be used; the work goes on without. It is nil where there is none.
func (p *Pass) SharedError() error { return p.sharedErr }

// find fills a row with what the cache has of an image, and returns the cut that gives the rest; empty: it has all.
func (p *Pass) find(key cache.Key, row []float32) resnet.Cut {
	var missing []resnet.Stage
	for _, part := range p.parts {
		if !part.get(key, row) {
			missing = append(missing, part.stage)
		}
	}
	return resnet.CutAfter(missing...)
}

// extractor returns the one that gives the stages of a cut and suits so many images, made at its first use.
func (p *Pass) extractor(ctx context.Context, cut resnet.Cut, images int) (Extractor, error) {
	place := &p.many
	if p.forMany {
		images = 0
	} else if images <= singly {
		place, images = &p.few, 1
	}
	if place.extractor != nil && place.cut == cut {
		return place.extractor, nil
	}
	if err := place.close(); err != nil {
		return nil, err
	}
	backbone := p.backbone
	if cut != p.cut() {
		var err error
		if backbone, err = backbone.At(cut.Stages()...); err != nil {
			return nil, err
		}
	}
	made, err := backbone.Extractor(ctx, p.device, images)
	if err != nil {
		return nil, err
	}
	*place = compiled{extractor: made, cut: cut}
	return made, nil
}

// cut is that of the backbone.
func (p *Pass) cut() resnet.Cut { return resnet.CutAfter(p.backbone.Cut()...) }

// keep puts what an extractor made of an image under a cut into its row and into the cache.
func (p *Pass) keep(key cache.Key, cut resnet.Cut, made, row []float32) error {
	stages := cut.Stages()
	for _, part := range p.parts {
		if !slices.Contains(stages, part.stage) {
			continue
		}
		values := made[:part.length]
		made = made[part.length:]
		if i := notFinite(values); i >= 0 {
			return &NotFiniteError{Stage: part.stage, Value: values[i], Backbone: p.backbone.Identity()}
		}
		copy(part.of(row), values)
		if part.space != nil {
			p.noteCacheError(part.space.Put(key, values))
		}
	}
	return nil
}

// notFinite is the index of the first number that is NaN or infinite; -1: all are finite.
func notFinite(values []float32) int {
	return slices.IndexFunc(values, func(v float32) bool {
		return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0)
	})
}

// A NotFiniteError is features with a number that is NaN or infinite, from which nothing can be learned.
type NotFiniteError struct {
	Image    string // empty where it has no name
	Stage    resnet.Stage
	Value    float32
	Backbone Identity
}

func (e *NotFiniteError) Error() string {
	image := "an image"
	if e.Image != "" {
		image = e.Image
	}
	text := fmt.Sprintf("the features of %s at %s hold %g: the backbone is not fit for use", image, e.Stage, e.Value)
	if e.Backbone.Precision == resnet.Float16 {
		return text + " in float16, whose numbers end at 65504; take float32 or bfloat16"
	}
	return text + "; check where its weights come from, " + e.Backbone.Weights.String()
}

// Extract runs the backbone on pixels, [n, size, size, 3] RGB, as a part of the images expected, past the cache.
func (p *Pass) Extract(ctx context.Context, pixels []uint8, n, expected int) ([]float32, error) {
	extractor, err := p.extractor(ctx, p.cut(), expected)
	if err != nil {
		return nil, err
	}
	rows, err := extractor.Extract(ctx, pixels, n)
	if err != nil {
		return nil, err
	}
	if i := notFinite(rows); i >= 0 {
		at := i % p.Length()
		part := p.parts[slices.IndexFunc(p.parts, func(part part) bool { return at < part.at+part.length })]
		return nil, &NotFiniteError{Stage: part.stage, Value: rows[i], Backbone: p.backbone.Identity()}
	}
	return rows, nil
}

// Close frees the device, and writes what was added to the cache.
func (p *Pass) Close() error {
	err := errors.Join(p.few.close(), p.many.close(), p.closeOthers())
	for _, part := range p.parts {
		if part.space != nil {
			err = errors.Join(err, part.space.Close())
		}
	}
	return err
}

func (c *compiled) close() error {
	if c.extractor == nil {
		return nil
	}
	err := c.extractor.Close()
	*c = compiled{}
	return err
}

func (p *Pass) noteCacheError(err error) {
	if p.cacheErr == nil {
		p.cacheErr = err
	}
}
