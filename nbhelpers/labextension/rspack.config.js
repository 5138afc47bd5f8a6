// Modules are numbered by their order: the other ways to number them depend on the folder that the sources lie in, and the
// built files have to be the same everywhere.
module.exports = { optimization: { moduleIds: 'natural', chunkIds: 'natural' } };
