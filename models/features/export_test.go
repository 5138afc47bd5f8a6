package features

import "github.com/headstart-nb/headstart/models/resnet"

// Compiled is the cut that the pass last computed for many images; empty: none.
func (p *Pass) Compiled() resnet.Cut { return p.many.cut }
