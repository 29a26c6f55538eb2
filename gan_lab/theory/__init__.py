"""What GAN theory says, checked on the lab's own losses, terms and descents.

``densities`` and ``pair`` describe two distributions, ``divergences`` says how far apart they are,
``optimal`` finds any loss's best discriminator on them, ``bare`` is the lab's game without a
trainer, ``dirac`` and ``stability`` play the smallest game there is, and ``studies`` asks the
questions that the command line answers. Nothing is imported here, so that ``--help`` answers at
once.
"""
