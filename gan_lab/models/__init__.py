"""Generators, backbones, and the discriminators that are made of them."""

from gan_lab.contracts import Discriminator
from gan_lab.models.actor import ActorCritic
from gan_lab.models.attention import SelfAttention
from gan_lab.models.base import Backbone, Generator
from gan_lab.models.biggan import BigGANBackbone, BigGANGenerator
from gan_lab.models.classifiers import ConvClassifier
from gan_lab.models.coupled import Coupled, CoupledGenerator
from gan_lab.models.dcgan import DCGANBackbone, DCGANGenerator
from gan_lab.models.directions import principal_directions, walks
from gan_lab.models.discriminators import MultiScale, PerKey, Scores
from gan_lab.models.encoders import Autoencoder, Encoder, GaussianEncoder
from gan_lab.models.energy import Energy
from gan_lab.models.fastgan import FastGANDiscriminator, FastGANGenerator
from gan_lab.models.few_labels import ClassScores, NoisyMLPBackbone, SoftplusGenerator
from gan_lab.models.frames_and_clips import FramesAndClips, HalvingReadout, MoCoGANBackbone
from gan_lab.models.infogan import InfoGANBackbone, InfoGANGenerator
from gan_lab.models.inputs import LabelPlanes, Packs, Shrink
from gan_lab.models.joint import ClassAndStyle, JointBackbone, JointScores
from gan_lab.models.labels import NormLabels, OneHotLabels
from gan_lab.models.mlp import MLPBackbone, MLPGenerator
from gan_lab.models.mocogan import MoCoGANGenerator
from gan_lab.models.patches import PatchBackbone, PatchReadout
from gan_lab.models.pixelwise import UNetDiscriminator
from gan_lab.models.policies import LSTMPolicy, Policy, TransformerPolicy
from gan_lab.models.r3gan import R3GANBackbone, R3GANGenerator
from gan_lab.models.readouts import Embedding, LinearReadout, ProjectionReadout, Recogniser
from gan_lab.models.resnet import ResNetBackbone, ResNetGenerator
from gan_lab.models.specgan import SpecGANBackbone, SpecGANGenerator
from gan_lab.models.srgan import SRGANBackbone
from gan_lab.models.styled import ContentEncoder, StyledDecoder, StyleEncoder
from gan_lab.models.stylegan2 import StyleGAN2Backbone, StyleGAN2Generator
from gan_lab.models.super_resolution import RRDB, SRResNet
from gan_lab.models.token_networks import TokenBackbone
from gan_lab.models.translators import ResNetTranslator, Translator
from gan_lab.models.unet import UNet
from gan_lab.models.vgan import VGANGenerator
from gan_lab.models.vocoder import PeriodsAndScales, Vocoder
from gan_lab.models.volumes import VolumeBackbone, VolumeGenerator
from gan_lab.models.wavegan import PhaseShuffle, WaveGANBackbone, WaveGANGenerator

__all__ = [
    "RRDB",
    "ActorCritic",
    "Autoencoder",
    "Backbone",
    "BigGANBackbone",
    "BigGANGenerator",
    "ClassAndStyle",
    "ClassScores",
    "ContentEncoder",
    "ConvClassifier",
    "Coupled",
    "CoupledGenerator",
    "DCGANBackbone",
    "DCGANGenerator",
    "Discriminator",
    "Embedding",
    "Encoder",
    "Energy",
    "FastGANDiscriminator",
    "FastGANGenerator",
    "FramesAndClips",
    "GaussianEncoder",
    "Generator",
    "HalvingReadout",
    "InfoGANBackbone",
    "InfoGANGenerator",
    "JointBackbone",
    "JointScores",
    "LSTMPolicy",
    "LabelPlanes",
    "LinearReadout",
    "MLPBackbone",
    "MLPGenerator",
    "MoCoGANBackbone",
    "MoCoGANGenerator",
    "MultiScale",
    "NoisyMLPBackbone",
    "NormLabels",
    "OneHotLabels",
    "Packs",
    "PatchBackbone",
    "PatchReadout",
    "PerKey",
    "PeriodsAndScales",
    "PhaseShuffle",
    "Policy",
    "ProjectionReadout",
    "R3GANBackbone",
    "R3GANGenerator",
    "Recogniser",
    "ResNetBackbone",
    "ResNetGenerator",
    "ResNetTranslator",
    "SRGANBackbone",
    "SRResNet",
    "Scores",
    "SelfAttention",
    "Shrink",
    "SoftplusGenerator",
    "SpecGANBackbone",
    "SpecGANGenerator",
    "StyleEncoder",
    "StyleGAN2Backbone",
    "StyleGAN2Generator",
    "StyledDecoder",
    "TokenBackbone",
    "TransformerPolicy",
    "Translator",
    "UNet",
    "UNetDiscriminator",
    "VGANGenerator",
    "Vocoder",
    "VolumeBackbone",
    "VolumeGenerator",
    "WaveGANBackbone",
    "WaveGANGenerator",
    "principal_directions",
    "walks",
]
